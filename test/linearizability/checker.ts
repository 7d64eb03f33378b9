/** One step that somebody took between two moments. Without `end` nobody knows its outcome: it may have taken effect at any later time, or never. */
export interface Operation<Step> {
  step: Step;
  start: number;
  end?: number | undefined;
}

/** What one object does by itself, step after step: the specification that a history is held against. */
export interface Model<State, Step> {
  initial: State;
  /** The states that `step`, with the outcome it had, may lead to; none where it could not have had that outcome. */
  next(state: State, step: Step): readonly State[];
  /** Equal for equal states. */
  key(state: State): string;
}

/** The first operation whose outcome nothing explains. */
export interface Violation<State, Step> {
  operation: Operation<Step>;
  /** What the object could have been like by then, before the operations that overlap with this one. */
  possible: readonly State[];
}

/** A way in which things may have gone so far: where the object stands, and which operations under way have taken effect. */
interface Course<State> {
  state: State;
  /** A bit for each operation under way, by its slot. */
  effective: number;
}

/** As many bits as JavaScript's operators have, but the sign. */
const MOST_UNDER_WAY = 31;

/**
 * Whether one object's history is linearizable: whether each operation can be placed at one moment between its start and
 * its end so that the model, taking them one after the other, has the same outcomes. Answers the first violation.
 *
 * The search of Wing and Gong (1993), breadth first along the history and with a memory of the courses met, so that its
 * cost grows with the number of operations under way at once and not with the length of the history. Moments that are
 * equal count as overlapping. Throws `RangeError` for more than 31 operations under way at once.
 */
export function findViolation<State, Step>(
  model: Model<State, Step>,
  history: readonly Operation<Step>[],
): Violation<State, Step> | undefined {
  const underWay = new Map<Operation<Step>, number>();
  let courses: readonly Course<State>[] = [{ state: model.initial, effective: 0 }];
  for (const { operation, isEnd } of momentsOf(history)) {
    if (!isEnd) {
      underWay.set(operation, freeSlot(underWay));
      continue;
    }
    const next = coursesWith(model, courses, underWay, operation);
    if (next.length === 0) {
      const possible = new Map(courses.map(({ state }) => [model.key(state), state]));
      return { operation, possible: [...possible.values()] };
    }
    underWay.delete(operation);
    courses = next;
  }
  return undefined;
}

/** Starts and ends in the order of time, starts first where they are equal. */
function momentsOf<Step>(history: readonly Operation<Step>[]) {
  const moments = history.flatMap((operation) => {
    const { start, end } = operation;
    return [
      { operation, at: start, isEnd: false },
      ...(end === undefined ? [] : [{ operation, at: end, isEnd: true }]),
    ];
  });
  return moments.toSorted((one, other) => one.at - other.at || Number(one.isEnd) - Number(other.isEnd));
}

function freeSlot(underWay: ReadonlyMap<unknown, number>): number {
  const taken = new Set(underWay.values());
  for (let slot = 0; slot < MOST_UNDER_WAY; slot++) {
    if (!taken.has(slot)) {
      return slot;
    }
  }
  throw new RangeError(`more than ${MOST_UNDER_WAY} operations on one object are under way at once`);
}

/** The courses in which `ended` has taken effect, which it must have by its end. */
function coursesWith<State, Step>(
  model: Model<State, Step>,
  courses: readonly Course<State>[],
  underWay: ReadonlyMap<Operation<Step>, number>,
  ended: Operation<Step>,
): Course<State>[] {
  const keyOf = ({ state, effective }: Course<State>) => `${effective} ${model.key(state)}`;
  const met = new Set(courses.map(keyOf));
  const toGo = [...courses];
  const found = new Map<string, Course<State>>();
  const endedBit = 1 << (underWay.get(ended) ?? 0);
  for (const course of toGo) {
    if ((course.effective & endedBit) !== 0) {
      const settled = { state: course.state, effective: course.effective & ~endedBit };
      found.set(keyOf(settled), settled);
      continue;
    }
    for (const [operation, slot] of underWay) {
      if ((course.effective & (1 << slot)) !== 0) {
        continue;
      }
      for (const state of model.next(course.state, operation.step)) {
        const longer = { state, effective: course.effective | (1 << slot) };
        const key = keyOf(longer);
        if (!met.has(key)) {
          met.add(key);
          toGo.push(longer);
        }
      }
    }
  }
  return [...found.values()];
}
