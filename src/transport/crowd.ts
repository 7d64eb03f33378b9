/** What all clients together may leave unread, in bytes; beyond it, who has not read for longest is cut. */
const UNREAD_BYTES = 96 * 1024 * 1024;

/** Large answers that are being made at once, in bytes; making one takes several times its size. */
const MAKING_BYTES = 24 * 1024 * 1024;

/** After so many bytes of large answers their garbage is collected: by itself the runtime lets 800 MiB of it lie. */
const COLLECT_BYTES = 32 * 1024 * 1024;

/** Who has read within this time, in milliseconds, is not cut for an answer that can wait; and how often that is looked at. */
const STANDING_MS = 500;
const LOOK_MS = 100;

/** How often members are told that time passes, in milliseconds. */
const BEAT_MS = 1000;

/** One client's way out, as far as it weighs on the others. */
export interface Member {
  /** Bytes that it has not taken yet. */
  backlog(): number;
  /** When it last took some, on the process's own clock. */
  readonly taken: number;
  cut(): void;
  /** Called once a second: one timer serves them all. */
  beat(): void;
}

/** All clients of a server, whose unread answers lie in one memory. */
export interface Crowd {
  /** Counts one more. */
  join(member: Member): void;
  leave(member: Member): void;
  /** Cuts until what is unread keeps within the bound. */
  keepWithin(): void;
  /** Resolves when there is room for an answer of so many bytes; the answered function is called once it is queued. */
  reserve(bytes: number): Promise<() => void>;
  /** Lets in whoever waits. */
  close(): void;
}

/** An empty crowd. */
export function createCrowd(): Crowd {
  const { members, join, leave } = createMembers();
  const waiting: { bytes: number; enter: () => void }[] = [];
  let making = 0;
  let made = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  /** Cuts who has stood still since `before`, the longest first, until `bytes` more fit; whether they do. */
  function makeRoom(bytes: number, before: number): boolean {
    const behind = [...members].filter((member) => member.backlog() > 0);
    let unread = behind.reduce((sum, member) => sum + member.backlog(), 0);
    for (const member of behind.sort((one, other) => one.taken - other.taken)) {
      if (unread === 0 || unread + bytes <= UNREAD_BYTES || member.taken > before) {
        break;
      }
      unread -= member.backlog();
      member.cut();
    }
    return unread === 0 || unread + bytes <= UNREAD_BYTES;
  }

  const fits = (bytes: number) =>
    closed ||
    ((making === 0 || making + bytes <= MAKING_BYTES) && makeRoom(making + bytes, performance.now() - STANDING_MS));

  /** In the order of arrival. */
  function admit(): void {
    for (let [next] = waiting; next !== undefined && fits(next.bytes); [next] = waiting) {
      making += next.bytes;
      waiting.shift();
      next.enter();
    }
    clearTimeout(timer);
    timer = waiting.length === 0 ? undefined : setTimeout(admit, LOOK_MS);
  }

  return {
    join,
    leave,
    keepWithin: () => void makeRoom(0, Number.POSITIVE_INFINITY),
    async reserve(bytes) {
      if (bytes > 0) {
        await new Promise<void>((enter) => {
          waiting.push({ bytes, enter });
          admit();
        });
      }
      return () => {
        making -= bytes;
        made += bytes;
        if (made > COLLECT_BYTES) {
          made = 0;
          Bun.gc(true);
        }
        admit();
      };
    },
    close() {
      closed = true;
      admit();
    },
  };
}

/** Members, and the one timer that tells them all that time passes. */
function createMembers() {
  const members = new Set<Member>();
  let timer: NodeJS.Timeout | undefined;
  const beat = () => {
    for (const member of members) {
      member.beat();
    }
  };
  return {
    members,
    join(member: Member): void {
      members.add(member);
      timer ??= setInterval(beat, BEAT_MS).unref();
    },
    leave(member: Member): void {
      members.delete(member);
      if (members.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
    },
  };
}
