/** Cables from the processes of machines into networks, as a driver asks for them. */
import type { Adapter } from '#api';

/** What came from the cables of a machine. */
export interface Frames {
  /** A counter. */
  readonly frames: number;
  /** Whether this host has something out to the machine that it answers if it lives. */
  readonly asked: boolean;
}

export interface Taps {
  /** The group that a process must be in to open taps; undefined: none. */
  tunGroup(): Promise<number | undefined>;
  /**
   * Makes a tap for each adapter, which only the account may open, in the bridge of its network or in none.
   * Answers their interfaces by slot. Errors: `unavailable`, with nothing left behind.
   */
  plug(vm: string, uid: number, adapters: readonly Adapter[]): Promise<Map<number, string>>;
  /** Puts the tap of the adapter into the bridge of its present network. */
  replug(vm: string, adapter: Adapter): Promise<void>;
  /** Takes away the tap in the slot, or all of the machine's. Never fails. */
  unplug(vm: string, slot?: number): Promise<void>;
  /** The taps of a machine that was found again, by slot; they are kept from now on. */
  find(vm: string, adapters: readonly Adapter[]): Promise<Map<number, string>>;
  /**
   * Counts what the machine has sent so far, and makes this host ask for its addresses where it is in the same
   * network: those given, and those that it leased. Undefined where it has no cable.
   */
  countFrames(vm: string, addresses: readonly string[]): Promise<Frames | undefined>;
}
