import { RPC } from "../protocol/jsonrpc.ts";
import { refuse } from "./guard.ts";

/** Room for a bounded number of event streams, whatever their transport. */
export interface Slots {
  /** Takes one; answers how to give it back, once, or nothing where all are taken. */
  take(): (() => void) | undefined;
  taken(): number;
  /** The answer to whoever finds no room. */
  refusal(): Response;
}

/** `most` slots. */
export function createSlots(most: number): Slots {
  let taken = 0;
  return {
    take() {
      if (taken >= most) {
        return undefined;
      }
      taken++;
      let given = false;
      return () => {
        taken -= given ? 0 : 1;
        given = true;
      };
    },
    taken: () => taken,
    refusal: () => refuse(503, `Service Unavailable: ${most} streams are open`, RPC.refused, { "retry-after": "60" }),
  };
}
