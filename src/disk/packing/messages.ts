/** What is said to a thread that packs, and what it answers. Bytes go through memory that both have. */
import type { Packing } from './codec.ts';

export interface PieceOrder {
  readonly packing: Packing;
  readonly doing: 'pack' | 'unpack';
  /** Bytes of the piece; all pieces of an order lie one behind the other in `input`. */
  readonly length: number;
  /** Room for what comes of it; so do the rooms in `output`. */
  readonly roomBytes: number;
}

export interface PackOrder {
  readonly pieces: readonly PieceOrder[];
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

/** For each piece the bytes of its room that are used, or why there is nothing. */
export type PackAnswer = readonly (number | string)[];
