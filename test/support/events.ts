/** The events of an event stream as they come; comments are passed over. */
export async function* readEvents(response: Response): AsyncGenerator<{ event: string; data: string }, undefined> {
  let text = "";
  const body = response.body;
  if (body === null) {
    return;
  }
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + part).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const match = /^event: (.*)\ndata: (.*)$/.exec(block);
      if (match !== null) {
        yield { event: match[1] ?? "", data: match[2] ?? "" };
      }
    }
  }
}
