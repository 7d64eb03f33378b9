import { RPC } from "../protocol/jsonrpc.ts";
import { refuse } from "./guard.ts";

/** Room for a bounded number of event streams, whatever their transport. */
export interface Slots {
  /** Takes one; answers whether there was one. */
  take(): boolean;
  /** To be called once for each that was taken. */
  giveBack(): void;
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
        return false;
      }
      taken++;
      return true;
    },
    giveBack() {
      taken--;
    },
    taken: () => taken,
    refusal: () => refuse(503, `Service Unavailable: ${most} streams are open`, RPC.refused, { "retry-after": "60" }),
  };
}
