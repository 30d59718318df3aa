/**
 * A simulated hypervisor process: the real machine loop drives it, only time and chance are made up.
 *
 * Invariant: without timers of its own; what it costs while idle is this object.
 */
import type {
  AdditionsState,
  EffectiveHardware,
  GuestPassword,
  GuestTrim,
  MachineSample,
  VmStatus,
} from '#api';
import { Fault } from '#lib';
import { otherLimits, withDisk } from '../../machine/other-limits.ts';
import type { MachineFile, ProcessIdentity } from '../../machine/record.ts';
import type {
  Console,
  Devices,
  Ending,
  Freeze,
  GuestFreezing,
  Observer,
  Running,
  SaveOptions,
} from '../driver.ts';
import type { Chance } from './chance.ts';
import { loadPeriod, sampleGuest, type GuestMoment } from './guest.ts';
import { drawScreen } from './screen.ts';
import type { SimulatedOptions, Span } from './options.ts';
import { SimulatedDeparture, type TravellingGuest } from './hand-over.ts';
import { SimulatedLiveLayers } from './live-layers.ts';
import { savedGuest, type SavedGuest } from './saved-guest.ts';

/** Of every guest. */
const accounts = ['root', 'Administrator'];

export interface SimulatedWorld {
  readonly options: SimulatedOptions;
  readonly chance: Chance;
  /** The record as it is now. */
  file(id: string): MachineFile | undefined;
  /** Saved states by path. */
  readonly saved: Map<string, SavedGuest>;
  ended(running: SimulatedRunning): void;
}

export class SimulatedRunning implements Running {
  readonly id: string;
  readonly identity: ProcessIdentity;
  readonly accelerator = 'simulated' as const;
  readonly forwards: VmStatus['forwards'];
  readonly layers: SimulatedLiveLayers;
  readonly departing: SimulatedDeparture;
  readonly #world: SimulatedWorld;
  readonly #observer: Observer;
  #bootedMs: number;
  #attempts = 0;
  #clockOffsetMs = 0;
  #frozenUntilMs = 0;
  /** The same until something is other: a fleet is asked more often than that. */
  #sampled: (GuestMoment & { readonly sample: MachineSample }) | undefined;
  #alive = true;

  constructor(
    world: SimulatedWorld,
    file: MachineFile,
    identity: ProcessIdentity,
    observer: Observer,
    bootedMs: number,
  ) {
    this.id = file.definition.id;
    this.identity = identity;
    this.forwards = forwardsOf(file);
    this.#world = world;
    this.#observer = observer;
    this.#bootedMs = bootedMs;
    this.layers = new SimulatedLiveLayers(() => this.#file(), world.saved);
    this.departing = new SimulatedDeparture(
      world.options,
      () => this.#file(),
      () => ({
        bootInMs: Math.max(0, this.#bootedMs - world.options.clock.now()),
        clockOffsetMs: this.#clockOffsetMs,
      }),
    );
  }

  /** A guest that worked on another host is here. */
  goOn({ bootInMs, clockOffsetMs }: TravellingGuest): void {
    this.#requireAlive('go on');
    this.#bootedMs = this.#world.options.clock.now() + bootInMs;
    this.#clockOffsetMs = clockOffsetMs;
  }

  get additions(): AdditionsState {
    const answer = this.#alive && this.#world.options.clock.now() >= this.#bootedMs;
    return answer ? 'running' : 'none';
  }

  async pause(): Promise<void> {
    this.#requireAlive('pause');
  }

  async resume(): Promise<void> {
    this.#requireAlive('resume');
  }

  async reset(signal: AbortSignal): Promise<void> {
    this.#requireAlive('reset');
    await this.#spend('resetMs', signal);
    this.#reboot();
  }

  async requestShutdown(): Promise<void> {
    this.#requireAlive('shut down');
    this.#takeShutdown();
  }

  async pressPowerButton(): Promise<void> {
    this.#requireAlive('press the power button');
    this.#takeShutdown();
  }

  async injectNmi(): Promise<void> {
    this.#requireAlive('inject an NMI');
  }

  async requestReboot(): Promise<void> {
    this.#requireAlive('reboot');
    const { definition, startedWith } = this.#file();
    const { onGuestReboot } = (startedWith ?? definition).settings;
    if (onGuestReboot === 'turn-off') return this.#finish({ kind: 'guest' });
    this.#reboot();
    this.#observer({ kind: 'reset', by: 'guest' });
  }

  async readClock(): Promise<number> {
    this.#requireAdditions();
    return this.#world.options.clock.now() + this.#clockOffsetMs;
  }

  async setClock(timeMs: number | undefined): Promise<void> {
    this.#requireAdditions();
    const { clock } = this.#world.options;
    this.#clockOffsetMs = timeMs === undefined ? 0 : timeMs - clock.now();
  }

  readonly freeze: GuestFreezing = {
    ask: async () => this.#frozen(null),
    begin: async ({ limitMs }) => {
      const isNew = this.#frozen(null).state === 'thawed';
      this.#frozenUntilMs = this.#world.options.clock.now() + limitMs;
      return this.#frozen(isNew ? 1 : 0);
    },
    end: async () => {
      const count = this.#frozen(null).state === 'frozen' ? 1 : 0;
      this.#frozenUntilMs = 0;
      return this.#frozen(count);
    },
  };

  async setPassword({ user }: GuestPassword): Promise<void> {
    this.#requireAdditions();
    if (!accounts.includes(user))
      throw new Fault('refused', `the guest has no account ${user}`, {
        hint: `it has ${accounts.join(' and ')}`,
      });
  }

  async trim(): Promise<GuestTrim> {
    this.#requireAdditions();
    return { fileSystems: [{ mountPoint: '/', trimmedBytes: 0, error: null }] };
  }

  #frozen(fileSystems: number | null): Freeze {
    this.#requireAdditions();
    const isFrozen = this.#world.options.clock.now() < this.#frozenUntilMs;
    const untilMs = isFrozen ? this.#frozenUntilMs : null;
    return { state: isFrozen ? 'frozen' : 'thawed', fileSystems, untilMs };
  }

  #requireAdditions(): void {
    if (this.additions === 'none')
      throw new Fault('unavailable', 'no guest agent answers', {
        hint: 'wait until the simulated guest has booted',
      });
  }

  async end(): Promise<void> {
    this.#finish({ kind: 'agent' });
  }

  async save(path: string, { signal, onProgress }: SaveOptions): Promise<{ sizeBytes: number }> {
    this.#requireAlive('save');
    const { options, chance, saved } = this.#world;
    const { clock, faults, timing } = options;
    const sizeBytes = this.#file().definition.hardware.memory.sizeBytes;
    this.#attempts += 1;
    const fails = chance.draw('save', this.id, this.#attempts) < faults.saveFails;
    const durationMs = (sizeBytes / timing.saveBytesPerSecond) * 1000;
    await clock.sleep(durationMs / 2, signal);
    this.#requireAlive('save');
    onProgress(0.5);
    if (fails) throw new Fault('exhausted', 'the simulated volume is full', { hint: 'try again' });
    await clock.sleep(durationMs / 2, signal);
    this.#requireAlive('save');
    saved.set(path, savedGuest(this.#file()));
    return { sizeBytes };
  }

  sample(nowMs: number): MachineSample {
    const moment = {
      file: this.#file(),
      additions: this.additions,
      period: loadPeriod(nowMs),
    };
    const last = this.#sampled;
    if (
      last?.file === moment.file &&
      last.additions === moment.additions &&
      last.period === moment.period
    )
      return last.sample;
    const sample = sampleGuest(this.#world.chance, moment);
    this.#sampled = { ...moment, sample };
    return sample;
  }

  async hardware(): Promise<EffectiveHardware> {
    return simulatedHardware(this.#file(), true);
  }

  get console(): Console {
    const require = (what: string): void => this.#requireAlive(what);
    return {
      screenshot: async () => drawScreen(this.#world.chance.bytes('screen', this.id)),
      pressKeys: async () => require('press keys'),
      typeText: async () => require('type text'),
    };
  }

  /** All that is plugged is taken at once. */
  get devices(): Devices {
    const require = (what: string): void => this.#requireAlive(what);
    return {
      configure: async (before, after) => ({
        definition: otherLimits(before, after).reduce(
          (now, { disk, limited }) => withDisk(now, disk, limited),
          before,
        ),
        pluggedMemory: [],
      }),
      changeMedium: async () => {
        this.#requireAlive('change the medium');
        return 'changed';
      },
      attachDisk: async () => require('attach the disk'),
      detachDisk: async () => require('detach the disk'),
      attachAdapter: async () => require('attach the adapter'),
      changeAdapter: async () => require('change the adapter'),
      detachAdapter: async () => require('detach the adapter'),
      addShare: async () => require('share the folder'),
      removeShare: async () => require('share the folder no longer'),
    };
  }

  /** Something befalls it. */
  crash(detail: string): void {
    this.#finish({ kind: 'crash', detail, log: `simulated: ${detail}` });
  }

  panic(): void {
    if (this.#alive) this.#observer({ kind: 'guest-error', reason: 'simulated kernel panic' });
  }

  #file(): MachineFile {
    const file = this.#world.file(this.id);
    if (!file) throw new Fault('not-found', `no simulated machine ${this.id}`);
    return file;
  }

  #reboot(): void {
    this.#attempts += 1;
    const { chance, options } = this.#world;
    const [from, to] = options.timing.bootMs;
    this.#bootedMs =
      options.clock.now() + chance.between(from, to, 'boot', this.id, this.#attempts);
    this.#observer({ kind: 'sampled' });
  }

  /** Some guests ignore whatever they are asked. */
  #takeShutdown(): void {
    const { chance, options } = this.#world;
    this.#attempts += 1;
    if (chance.draw('ignores', this.id, this.#attempts) < options.faults.shutdownIgnored) return;
    void this.#shutDownLater();
  }

  async #shutDownLater(): Promise<void> {
    await this.#spend('shutdownMs', undefined).catch(() => undefined);
    this.#finish({ kind: 'guest' });
  }

  async #spend(what: 'resetMs' | 'shutdownMs', signal: AbortSignal | undefined): Promise<void> {
    const { chance, options } = this.#world;
    const [from, to]: Span = options.timing[what];
    this.#attempts += 1;
    await options.clock.sleep(chance.between(from, to, what, this.id, this.#attempts), signal);
  }

  #requireAlive(what: string): void {
    if (!this.#alive)
      throw new Fault('unavailable', `cannot ${what}: the simulated process has ended`);
  }

  #finish(ending: Ending): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#world.ended(this);
    this.#observer({ kind: 'ended', ending });
  }
}

/** A port of its own for each forward that asks for any. */
export function forwardsOf(file: MachineFile): VmStatus['forwards'] {
  return file.definition.hardware.adapters.flatMap(({ attachment }) =>
    attachment.kind === 'user'
      ? attachment.forwards.map(({ protocol, hostAddress, hostPort, guestPort }, index) => ({
          protocol,
          hostAddress,
          hostPort: hostPort === 0 ? 40_000 + index : hostPort,
          guestPort,
        }))
      : [],
  );
}

export function simulatedHardware(file: MachineFile, running: boolean): EffectiveHardware {
  const { disks, adapters, processor } = file.definition.hardware;
  return {
    running,
    accelerator: 'simulated',
    devices: [
      {
        device: 'processor',
        bus: 'system',
        position: null,
        model: `${processor.count} × ${processor.model}`,
        address: null,
        resource: null,
      },
      ...disks.map((disk) => ({
        device: 'disk',
        bus: disk.bus,
        position: `${disk.controller}:${disk.position}`,
        model: disk.format,
        address: null,
        resource: disk.file,
      })),
      ...adapters.map((adapter) => ({
        device: 'network adapter',
        bus: 'pci',
        position: String(adapter.slot),
        model: adapter.model,
        address: adapter.mac,
        resource: adapter.attachment.kind,
      })),
    ],
  };
}
