/**
 * What a hypervisor is to an agent. Few required methods; what not every hypervisor can is optional and
 * appears in `missing` with the driver's reason (VM-54).
 *
 * Invariants of every driver:
 * 1. `start`, `restore` and `find` give a Running or nothing; a start that fails leaves no process.
 * 2. After `ended` was observed nothing else is, and every method fails with `unavailable`.
 * 3. Observations come in the order in which they happened.
 * 4. A Running does nothing of its own accord: what follows from an observation is the machine's to decide.
 */
import type {
  Ability,
  Adapter,
  AdditionsState,
  BootDevice,
  Disk,
  EffectiveHardware,
  Extension,
  Finding,
  freezeStates,
  GuestPassword,
  GuestTrim,
  HostDevices,
  HostFacts,
  HostSettings,
  LinkParams,
  LinkResult,
  MachineSample,
  MemoryPeek,
  Medium,
  SharedFolder,
  Tray,
  VmDefinition,
  VmStatus,
} from '#api';
import type { Reason } from '#lib';
import type { Duplex } from 'node:stream';
import type { Departing, Receiving } from './hand-over.ts';
import type { LiveLayers } from './live-layers.ts';
import type { Networks } from '../network/networks.ts';
import type { MachineFile, ProcessIdentity } from '../machine/record.ts';
import type { Storage } from './storage.ts';

export type Accelerator = NonNullable<VmStatus['accelerator']>;

/** How the hypervisor process came to its end. */
export type Ending =
  /** The guest powered itself off. */
  | { readonly kind: 'guest' }
  /** This agent ended it. */
  | { readonly kind: 'agent' }
  /** Another program told it to end, in order: a signal or a command. */
  | { readonly kind: 'external'; readonly detail: string }
  /** It ended by itself, or vanished while nobody looked. */
  | { readonly kind: 'crash'; readonly detail: string; readonly log: string };

/** What a driver sees happen to a machine. */
export type Observation =
  | { readonly kind: 'ended'; readonly ending: Ending }
  /** Execution stopped or went on, whoever did it. */
  | { readonly kind: 'paused' }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'reset'; readonly by: 'guest' | 'host' }
  | { readonly kind: 'guest-error'; readonly reason: string }
  | {
      readonly kind: 'disk-error';
      readonly device: string;
      readonly operation: string;
      readonly reason: string;
      /** Whether the hypervisor stopped the guest because of it. */
      readonly paused: boolean;
    }
  | { readonly kind: 'clock'; readonly offsetSeconds: number }
  /** The guest opened or closed a drive. */
  | { readonly kind: 'tray'; readonly drive: string; readonly open: boolean }
  | { readonly kind: 'device-removed'; readonly device: string }
  /** A device of the host that the machine uses is there no more. */
  | { readonly kind: 'device-lost'; readonly device: string; readonly hostPath: string }
  | {
      readonly kind: 'heartbeat';
      readonly good: boolean;
      readonly lastAt: string;
      readonly missed: number;
    }
  /** A guest agent answers, for the first time in the life of the machine. */
  | { readonly kind: 'additions-heard' }
  | { readonly kind: 'additions-outdated'; readonly installed: string; readonly shipped: string }
  | { readonly kind: 'clock-corrected'; readonly offsetMs: number }
  /** File systems of the guest that nobody let go in time. */
  | { readonly kind: 'thawed'; readonly fileSystems: number }
  /** The sample says something new that somebody may wait for. */
  | { readonly kind: 'sampled' };

export type Observer = (observation: Observation) => void;

/** What it takes to know a process again. */
export interface ProcessFacts {
  readonly identity: ProcessIdentity;
  readonly accelerator: Accelerator;
  readonly forwards: VmStatus['forwards'];
}

/** Everything that a start needs. */
export interface Launch {
  readonly file: MachineFile;
  readonly start: 'run' | 'hold';
  readonly bootOnce: BootDevice | undefined;
  /** Host devices to do without, this once (VM-73). */
  readonly without: readonly string[];
  readonly signal: AbortSignal;
  /** The process exists: called once, before its first instruction, awaited. */
  readonly onProcess: (facts: ProcessFacts) => Promise<void>;
}

export interface SaveOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: number) => void;
}

export type Channel = 'screen' | 'serial1' | 'serial2';
/** `watch` sees everything and changes nothing. */
export type ChannelAccess = 'watch' | 'use';

export interface Freeze {
  readonly state: (typeof freezeStates)[number];
  /** How many were held still or let go just now. */
  readonly fileSystems: number | null;
  /** When they are let go by themselves. */
  readonly untilMs: number | null;
}

/**
 * File systems of a guest, held still until they are let go: by who asked, after the limit, or with the end of the guest. Each
 * errs: `unavailable` without a guest agent, `refused` with its words or while a snapshot holds them.
 */
export interface GuestFreezing {
  ask(signal: AbortSignal): Promise<Freeze>;
  /** `mountPoints`: none for all. Held already, they stay so, until the new limit. */
  begin(
    wanted: { readonly mountPoints: readonly string[]; readonly limitMs: number },
    signal: AbortSignal,
  ): Promise<Freeze>;
  end(signal: AbortSignal): Promise<Freeze>;
}

/** A hypervisor process. */
export interface Running extends ProcessFacts {
  readonly additions: AdditionsState;

  pause(signal: AbortSignal): Promise<void>;
  resume(signal: AbortSignal): Promise<void>;
  reset(signal: AbortSignal): Promise<void>;
  /** Asks the guest through its agent. Errors: `unavailable` without one, `refused` with its words. */
  requestShutdown(signal: AbortSignal): Promise<void>;
  /** Presses the ACPI power button; a guest need not obey. */
  pressPowerButton(signal: AbortSignal): Promise<void>;
  /** To its processors. Errors: the hypervisor's, where the machine has no line for it. */
  injectNmi(signal: AbortSignal): Promise<void>;
  /** Errors: `unavailable` without a guest agent. */
  requestReboot(signal: AbortSignal): Promise<void>;
  /**
   * Installs the additions of this host in the guest and answers the versions; null: there were none.
   * Errors: `unavailable` without a guest agent, `unsupported` where it runs no programs, `refused` with the
   * installer's words.
   */
  updateAdditions?(
    signal: AbortSignal,
  ): Promise<{ readonly from: string | null; readonly to: string }>;
  /** Milliseconds since 1970 UTC by the guest's clock. Errors: `unavailable` without a guest agent, `refused` with its words. */
  readClock?(signal: AbortSignal): Promise<number>;
  /** Undefined: to what the real-time clock of the machine shows. Errors: as `readClock`. */
  setClock?(timeMs: number | undefined, signal: AbortSignal): Promise<void>;
  readonly freeze?: GuestFreezing;
  /** Has the guest give back what is free. Errors: as `readClock`. */
  trim?(minimumBytes: number, signal: AbortSignal): Promise<GuestTrim>;
  /** Of an account of the guest. Errors: as `readClock`. */
  setPassword?(password: GuestPassword, signal: AbortSignal): Promise<void>;
  /** Errors: `invalid` where no memory is. */
  readMemory?(peek: MemoryPeek, signal: AbortSignal): Promise<Buffer>;
  /** Ends the process at once; resolves when it is gone. Never fails. */
  end(): Promise<void>;
  /**
   * Stops the guest and writes memory and devices to the file, whole or not at all. The guest stays
   * stopped, the process stays. After an error the guest runs again if it ran.
   */
  save(path: string, options: SaveOptions): Promise<{ readonly sizeBytes: number }>;

  /** The passing part of the status. Cheap: never waits for the guest. */
  sample(nowMs: number): MachineSample;
  hardware(): Promise<EffectiveHardware>;
  readonly devices: Devices;
  readonly layers: LiveLayers;
  /** Absent where it cannot go on in another process. */
  readonly departing?: Departing;
  readonly console: Console;
}

/** Devices of a running machine. What it cannot do now fails with `unsupported` and waits for the next start. */
export interface Devices {
  /**
   * The definition changes. What of it can take effect now does; answers the definition that the process
   * has then, and the memory that was plugged in for it.
   */
  configure(before: VmDefinition, after: VmDefinition): Promise<Configured>;
  /**
   * `file` tells where relative paths are; a null medium ejects. Errors: `refused` with the reason `tray-locked` when the guest
   * keeps the tray closed and is only asked to open it.
   */
  changeMedium?(
    drive: string,
    medium: Medium | null,
    file: MachineFile,
    tray: Tray,
  ): Promise<'changed' | 'kept'>;
  /** `others`: the other machines of the host. Errors: `refused` where the disk leads to what they have, and nothing has changed. */
  attachDisk?(disk: Disk, file: MachineFile, others: readonly MachineFile[]): Promise<void>;
  detachDisk?(disk: Disk, file: MachineFile): Promise<void>;
  /** The guest sees the new size at once. Errors: `unsupported` for a format that is served to the process. */
  resizeDisk?(disk: Disk, sizeBytes: number): Promise<void>;
  /** Plugs the adapter in the same slot into another network, or its cable in or out. */
  changeAdapter?(before: Adapter, after: Adapter, file: MachineFile): Promise<void>;
  attachAdapter?(adapter: Adapter, file: MachineFile): Promise<void>;
  detachAdapter?(adapter: Adapter, file: MachineFile): Promise<void>;
  /** The folder has been judged by `checkShare`. */
  addShare?(share: SharedFolder): Promise<void>;
  /** Errors: `refused` while the guest uses it. */
  removeShare?(share: SharedFolder): Promise<void>;
}

export interface Configured {
  readonly definition: VmDefinition;
  /** Modules, in bytes. */
  readonly pluggedMemory: readonly number[];
}

/** What people see and touch of a running machine. */
export interface Console {
  /** PNG. */
  screenshot?(signal: AbortSignal): Promise<Buffer>;
  /** Each a combination such as `ctrl-alt-del`. */
  pressKeys?(keys: readonly string[], signal: AbortSignal): Promise<void>;
  typeText?(text: string, layout: 'us' | 'de', signal: AbortSignal): Promise<void>;
  /** A connection to the channel; several at once are allowed. */
  openChannel?(channel: Channel, access: ChannelAccess, signal: AbortSignal): Promise<Duplex>;
}

/** What became of a process: found again in some state, or found at its end. */
export type Found =
  | { readonly kind: 'live'; readonly running: Running; readonly state: 'running' | 'paused' }
  | { readonly kind: 'ended'; readonly ending: Ending };

/** What stands against a start, and the device of the vm that it is about where there is one. */
export interface Obstacle extends Reason {
  readonly about?: { readonly device: string; readonly hostPath: string } | undefined;
}

export interface Findings {
  readonly reasons: Obstacle[];
  readonly warnings: Reason[];
  /** Slots of the optional adapters that a start leaves unplugged. */
  readonly unplugged: number[];
}

/** Images on the host. */
export interface Images {
  build(
    wanted: LinkParams<'image.build'>,
    progress: (note: string) => void,
    signal: AbortSignal,
  ): Promise<LinkResult<'image.build'>>;
  inspect(
    wanted: LinkParams<'image.inspect'>,
    signal: AbortSignal,
  ): Promise<LinkResult<'image.inspect'>>;
  delete(path: string): Promise<void>;
}

/** What of a definition says which account it is. */
export type AccountChoice = Pick<VmDefinition['settings'], 'runAs' | 'evenPowerfulAccount'>;

export interface AccountFindings {
  readonly reasons: Reason[];
  readonly warnings: Reason[];
}

/** Whose script it is: a vm's, or the host's own. */
export type ScriptOf = MachineFile | 'host';

/** A program of the host, to be run for a vm. */
export interface ScriptCall {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What it reads. */
  readonly input: string;
  readonly timeoutMs: number;
}

export interface ScriptEnd {
  /** Null where it was ended by a signal. */
  readonly exitStatus: number | null;
  /** Why it counts as failed; undefined where it does not. */
  readonly failure: string | undefined;
  readonly output: string;
  readonly errorOutput: string;
}

export interface LowResource {
  readonly resource: 'memory' | 'disk' | 'processes' | 'file handles';
  /** The figures. */
  readonly evidence: string;
}

/** What a driver does with a machine beyond the functions of all, by name (FED-08). */
export interface VmExtensions {
  readonly list: readonly Extension[];
  /** Answers in words. Errors: `not-found`, `invalid`; its own. */
  run(
    running: Running,
    asked: { readonly name: string; readonly argument: string | null },
    signal: AbortSignal,
  ): Promise<string>;
}

export interface Driver extends AsyncDisposable {
  readonly name: 'qemu' | 'simulated';
  readonly storage: Storage;
  /** Absent: it has nothing beyond the functions of all. */
  readonly vmExtensions?: VmExtensions;
  readonly networks: Networks;
  /** Abilities this host lacks, with the reason. Grows more precise as the host is probed. */
  readonly missing: Readonly<Partial<Record<Ability, string>>>;
  facts(): Promise<HostFacts>;
  /** An account of its own for a machine, where this driver has such; null where not. */
  chooseAccount?(id: string, others: readonly MachineFile[]): number | null;
  /** Use of all processors since the last call, in percent. */
  cpuPercent?(): number | null;
  /** Absent where the host is no machine. */
  readonly listDevices?: () => Promise<HostDevices>;
  /** What of the host is critically low (HOST-44). */
  findLow?(): Promise<LowResource | undefined>;
  /** What stands against a start, of files, devices and hardware; memory and processors are judged for all drivers alike. */
  check(
    file: MachineFile,
    without: readonly string[],
    others: readonly MachineFile[],
  ): Promise<Findings>;
  /** Machines that exist without anybody having created them here (a simulated fleet), without those known from records. */
  seeded(known: ReadonlyMap<string, MachineFile>): readonly MachineFile[];
  /** Of a machine that is about to be known here no more. Absent where nobody is seeded. */
  removed?(id: string): Promise<void>;
  start(launch: Launch, observer: Observer): Promise<Running>;
  /** Brings back the saved state; the guest is paused afterwards. Errors leave the file. */
  restore(launch: Launch, path: string, observer: Observer): Promise<Running>;
  /** Absent where no guest comes that works. */
  readonly receiving?: Receiving;
  /** The process of a machine that was live when the agent last looked. */
  find(file: MachineFile, observer: Observer): Promise<Found | undefined>;
  /** Whether the saved state fits product, version and hardware (VM-77). */
  checkSaved(file: MachineFile): Promise<readonly Reason[]>;
  /** The same of the memory that a snapshot keeps in its folder, for a process with the definition of then (SNAP-22). */
  checkMemory(
    file: MachineFile,
    memory: { readonly state: string; readonly startedWith: VmDefinition },
  ): Promise<readonly Reason[]>;
  hardware(file: MachineFile): Promise<EffectiveHardware>;
  /** Errors: `not-found`, `invalid`, `refused` naming the holder (HW-43). */
  checkMedium(
    file: MachineFile,
    drive: string,
    medium: Medium | null,
    others: readonly MachineFile[],
  ): Promise<void>;
  /** Absent where no folders are shared. Errors: `not-found`, `forbidden`, `refused` with the reason. */
  checkShare?(
    file: MachineFile,
    share: SharedFolder,
    others: readonly MachineFile[],
  ): Promise<void>;
  /** Why a machine that another program ran with that firmware would not run with its variables here. Absent where there is no UEFI. */
  readonly judgeUefi?: (
    uefi: NonNullable<LinkParams<'machine.handover.look'>['uefi']>,
  ) => Promise<readonly Reason[]>;
  /** What stands against an account for vms; absent where they have none. */
  readonly judgeAccount?: (choice: AccountChoice) => Promise<AccountFindings>;
  /**
   * Runs a program of the host under the account of a vm, or under that of the host's own scripts; absent where
   * there are no accounts. When the signal aborts it is ended. Errors: `blocked` when there is
   * no account for it, `unavailable` when it cannot be started.
   */
  runScript?(of: ScriptOf, call: ScriptCall, signal: AbortSignal): Promise<ScriptEnd>;
  /** Looks anew at what the host can do. */
  probe(signal: AbortSignal): Promise<void>;
  diagnose(settings: HostSettings, signal: AbortSignal): Promise<readonly Finding[]>;
  /** Absent where the host keeps no images. */
  readonly images?: Images | undefined;
  memoryBytes(): { readonly totalBytes: number; readonly freeBytes: number };
  bootId(): string;
}
