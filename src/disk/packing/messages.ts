/** What is said to a thread that packs, and what it answers. Bytes go through memory that both have. */
import type { Packing } from './codec.ts';

export interface PieceOrder {
  readonly packing: Packing;
  readonly doing: 'pack' | 'unpack';
  readonly bytes: Uint8Array;
  /** Room for what comes of it. */
  readonly into: Uint8Array;
}

export type PackOrder = readonly PieceOrder[];

/** For each piece the bytes of its room that are used, or why there is nothing. */
export type PackAnswer = readonly (number | string)[];
