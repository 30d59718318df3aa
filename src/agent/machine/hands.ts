/**
 * What a machine's own parts may do with it: the loop lends these hands to the action that it runs.
 * Nothing else changes a machine.
 */
import type { Cause, EventAttributes, EventName, HostSettings, StartCheck } from '#api';
import type { Clock } from '#lib';
import type { Log } from '#log';
import type { Driver, Ending, Launch, Running } from '../drivers/driver.ts';
import type { Consequence } from './interpret.ts';
import type { Paces } from './paces.ts';
import type { MachineFile } from './record.ts';

/** The host as its machines see it. */
export interface MachineHost {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: HostSettings;
  /** What was said of single pieces of work. */
  readonly paces: Paces;
  /** Whether the installation lets small pictures of screens be shown. */
  readonly thumbnails: boolean;
  emit<N extends EventName>(
    vmId: string,
    name: N,
    attributes: EventAttributes<N>,
    cause: Cause,
  ): void;
  /** The machine's sample has changed in a way that matters. */
  sampled(id: string): void;
  /** The machine's report has changed. */
  changed(id: string): void;
  /** Resolves when the record is on disk. */
  save(file: MachineFile): Promise<void>;
  /** What of the host stands against a start: memory, processors, limits, its state (VM-65 to VM-67, VM-78, VM-79). */
  admit(file: MachineFile): StartCheck;
  /** Records of all other machines of the host. */
  others(id: string): readonly MachineFile[];
}

/** Changes to a record; what is not named stays. */
export type Patch = Partial<Omit<MachineFile, 'gantry' | 'format'>>;

/** `usual` leaves the end to mean what it means while nothing is under way. */
export type EndHandler = (ending: Ending) => 'heard' | 'usual';

export interface Hands {
  readonly host: MachineHost;
  readonly file: MachineFile;
  readonly running: Running | undefined;
  readonly signal: AbortSignal;
  /** The agent ends: what can be done to its end by the next one is left to it. */
  readonly leaving: boolean;
  readonly cause: Cause;
  progress(progress: number | null, note: string | null): void;
  /** Changes the record in memory and starts to write it. */
  set(patch: Patch): void;
  /** As `set`, and stamps the beginning of the state. */
  enter(state: MachineFile['state'], patch?: Patch): void;
  /** Resolves when the record as it is now is on disk. */
  persist(): Promise<void>;
  emit<N extends EventName>(name: N, attributes: EventAttributes<N>): void;
  /** The process that the observations are to be heard of from now on. */
  launch(start: (observer: Parameters<Driver['start']>[1]) => Promise<Running>): Promise<Running>;
  /** What the end of the process shall mean while this action runs; undefined: what it usually means. */
  onEnd(handler: EndHandler | undefined): void;
  /** What an observation would bring about. */
  apply(consequence: Consequence): void;
  /** Resolves when the process is gone or the time has passed. */
  untilEnded(limitMs: number): Promise<'ended' | 'time'>;
}

export type LaunchOptions = Pick<Launch, 'start' | 'bootOnce' | 'without'>;
