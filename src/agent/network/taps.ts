/** Cables from the processes of machines into networks, as a driver asks for them. */
import type { Adapter } from '#api';

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
}
