/**
 * A guest that works goes on in a process of another host (docs/rfd/0042): what the process that it leaves and the one that it
 * comes to can do. Both reach each other by channels, which somebody joins: one for its memory, one for each disk that it writes.
 */
import type { Duplex } from 'node:stream';
import type { Reason } from '#lib';
import type { MachineFile } from '../machine/record.ts';
import type { Launch, Observer, Running } from './driver.ts';

/** A file on top of a disk that the guest writes: it is made anew on the other host. */
export interface WrittenTop {
  /** As the record names it. */
  readonly disk: string;
  readonly file: string;
  readonly sizeBytes: number;
}

export interface HandedOver {
  readonly sentBytes: number;
  /** How long the guest has stood still by now. */
  readonly stoodMs: number;
}

export interface HandOverWork {
  /** The most that it takes, bytes per second, 0: no limit; asked again while it is under way. */
  readonly limit: () => number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: number | null, note: string) => void;
}

/** What the other host must have. Opaque to all but the driver: it is told from one agent to the other. */
export type GuestNeeds = Readonly<Record<string, unknown>>;

export interface Departing {
  needs(): Promise<GuestNeeds>;
  /** What keeps the guest here, and what can be done about it. */
  judge(): Promise<readonly Reason[]>;
  channels(): readonly string[];
  tops(): Promise<readonly WrittenTop[]>;
  /** Absolute paths, beside the tops, that the process writes; one that ends in a slash stands for all below it. */
  written(): readonly string[];
  /** The stream to be joined with what the process on the other host takes by that channel. Errors: `not-found` for another one. */
  offer(channel: string): Promise<Duplex>;
  /**
   * Sends disks and memory by what was offered; the guest stands still when it answers. Errors: those of the process; the guest goes
   * on here then, if it ran. What was offered has gone in either case.
   */
  handOver(work: HandOverWork): Promise<HandedOver>;
  /** What it was, where it has been done. */
  handedOver(): Promise<HandedOver | undefined>;
  /** The guest goes on here, if it ran, with all that it wrote. Can be done again. */
  takeBack(guest: 'ran' | 'paused'): Promise<void>;
}

/** A process that waits for a guest. It runs nothing. */
export interface Received {
  readonly running: Running;
  /** Errors: `not-found` for another channel; `unavailable`. */
  open(channel: string, signal: AbortSignal): Promise<Duplex>;
  /** All has come. Errors: where it has not within the signal; the process is of no more use then. */
  take(signal: AbortSignal): Promise<void>;
}

/** What a driver does for guests that come. */
export interface Receiving {
  /** What of the guest's needs this host lacks. Errors: `unsupported` for what another version tells. */
  judge(file: MachineFile, needs: GuestNeeds): Promise<readonly Reason[]>;
  /** `file` is as on the other host, with empty tops. Errors: those of a start; nothing is left then. */
  receive(launch: Launch, needs: GuestNeeds, observer: Observer): Promise<Received>;
  /** Ends what an agent before this one had waiting. */
  endWaiting(id: string): Promise<void>;
}
