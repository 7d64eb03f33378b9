/** The events of an event stream as they come; comments, and events without data, are passed over. */
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
      const data = /^data: (.+)$/m.exec(block)?.[1];
      if (data !== undefined) {
        yield { event: /^event: (.*)$/m.exec(block)?.[1] ?? "message", data };
      }
    }
  }
}
