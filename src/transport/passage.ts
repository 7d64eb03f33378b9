import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Crowd } from "./crowd.ts";
import type { House } from "./house.ts";
import { relay } from "./relay.ts";
import type { Post } from "./session-posts.ts";
import type { Session } from "./session-table.ts";
import type { OutletEvents } from "./sse.ts";

/** The ways of requests to the sessions' SDK, and of its answers back. */
export interface Passages {
  /** Lets the SDK answer, on a stream of ours. `parsedBody` is the value of a POST's body. */
  pass(
    session: Session,
    request: Request,
    messages: readonly JSONRPCMessage[],
    parsedBody?: unknown,
  ): Promise<Response>;
  /** Resolves when everything taken has been answered, and the answers read. */
  drained(): Promise<void>;
}

interface Place {
  house: House;
  /** What is to be answered and read, until it is. */
  answering: Map<Passage, PromiseWithResolvers<void>>;
}

/** Opens them. */
export function createPassages(house: House): Passages {
  const place: Place = { house, answering: new Map() };
  return {
    async pass(session, request, messages, parsedBody) {
      if (!house.slots.take()) {
        return house.slots.refusal();
      }
      session.seen = performance.now();
      const passage = new Passage(place, session, session.posts.begin(messages));
      const answer = await session.transport.handleRequest(request, parsedBody === undefined ? {} : { parsedBody });
      const response = passage.relay(answer);
      session.posts.cancel(messages);
      return response;
    },
    async drained() {
      await Promise.all([...place.answering.values()].map(({ promise }) => promise));
    },
  };
}

/**
 * One request's way. A class, as thousands of streams may be open: a function made where the request is at hand would hold
 * the request, too.
 */
class Passage implements OutletEvents {
  readonly crowd: Crowd;
  private readonly place: Place;
  private readonly session: Session;
  private readonly post: Post;
  private streaming = false;

  constructor(place: Place, session: Session, post: Post) {
    this.crowd = place.house.crowd;
    this.place = place;
    this.session = session;
    this.post = post;
    if (post.open.size > 0) {
      place.answering.set(this, Promise.withResolvers());
    }
  }

  relay(answer: Response): Response {
    this.streaming = answer.headers.get("content-type") === "text/event-stream";
    const stream = relay(answer, this);
    if (this.streaming) {
      this.session.streams.add(stream);
    }
    this.post.stream = stream;
    return stream.response;
  }

  onTaken(): void {
    this.session.outflow.onTaken();
  }

  onClose(): void {
    const { place, session, post } = this;
    place.house.slots.giveBack();
    if (post.stream !== undefined) {
      session.streams.delete(post.stream);
    }
    session.seen = performance.now();
    post.left?.abort();
    // A client that hangs up may still be owed answers, which it can resume: their ids stay in use until they are given.
    if (!this.streaming) {
      session.posts.finish(post);
    }
    place.answering.get(this)?.resolve();
    place.answering.delete(this);
  }
}
