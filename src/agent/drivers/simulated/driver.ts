/**
 * A simulated hypervisor: a host of any size with the real state machine, made-up timing and faults, for
 * development, demonstrations and tests. Deterministic: the same seed, clock and requests give the same
 * course of events.
 *
 * Invariant: an idle fleet costs memory only. One sleep per host waits for the next fault, and only where
 * faults are asked for.
 */
import {
  tellFinding,
  type Ability,
  type EffectiveHardware,
  type Finding,
  type HostFacts,
} from '#api';
import { Fault, isoTime, present, type Reason } from '#lib';
import type { MachineFile, ProcessIdentity } from '../../machine/record.ts';
import type { Driver, Findings, Found, Launch, Observer, Running } from '../driver.ts';
import { agentVersion } from '../../version.ts';
import type { DriverHost } from '../../host/host.ts';
import type { Receiving } from '../hand-over.ts';
import { Chance } from './chance.ts';
import { makeFleet } from './fleet.ts';
import { judgeSimulated, SimulatedReceived } from './hand-over.ts';
import { SimulatedNetworks } from './networks.ts';
import type { SimulatedOptions } from './options.ts';
import { forwardsOf, simulatedHardware, SimulatedRunning, type SimulatedWorld } from './running.ts';
import { SimulatedStorage } from './storage.ts';
import { ofOwnVms } from '../own-vms.ts';
import { savedGuest, type SavedGuest } from './saved-guest.ts';
import { classOfHypervisor } from '../hypervisor-classes.ts';

const faultPeriodMs = 1_000;
const hourMs = 3_600_000;

export class SimulatedDriver implements Driver {
  readonly name = 'simulated';
  readonly storage: SimulatedStorage;
  readonly networks: SimulatedNetworks;
  readonly missing: Readonly<Partial<Record<Ability, string>>> = {
    screen: 'a simulated machine has pictures of a screen, not a screen',
    serial: 'a simulated machine has no serial port',
    tpm: 'a simulated machine has no TPM',
    'additions-update': 'a simulated guest has no additions to update',
    acceleration3d: 'a simulated machine draws nothing',
    'file-copy': 'a simulated machine has no files',
    clone: 'a simulated machine has no files',
    ...ofOwnVms,
  };
  readonly #options: SimulatedOptions;
  readonly #chance: Chance;
  readonly #world: SimulatedWorld;
  readonly #running = new Map<string, SimulatedRunning>();
  readonly #files: (id: string) => MachineFile | undefined;
  readonly #fleet = new Set<string>();
  readonly #stop = new AbortController();
  #starts = 0;

  constructor(
    options: SimulatedOptions,
    { files, allFiles }: Pick<DriverHost, 'files' | 'allFiles'>,
  ) {
    this.#options = options;
    this.#chance = new Chance(options.seed);
    this.#files = files;
    this.networks = new SimulatedNetworks(allFiles);
    const saved = new Map<string, SavedGuest>();
    this.storage = new SimulatedStorage(options.hostName, saved, () => [...allFiles()]);
    this.#world = {
      options,
      chance: this.#chance,
      file: files,
      saved,
      ended: (running) => {
        if (this.#running.get(running.id) === running) this.#running.delete(running.id);
      },
    };
    const { crashPerHour, panicPerHour } = options.faults;
    if (crashPerHour > 0 || panicPerHour > 0) void this.#befall();
  }

  bootId(): string {
    return 'simulated';
  }

  seeded(known: ReadonlyMap<string, MachineFile>): readonly MachineFile[] {
    const { gone } = this.#options;
    const all = makeFleet(this.#options, this.#chance);
    for (const { definition } of all) this.#fleet.add(definition.id);
    const fleet = all.filter(({ definition: { id } }) => !known.has(id) && gone?.has(id) !== true);
    for (const file of [...fleet, ...known.values()]) {
      this.storage.layers.recall(file, file.layers);
      // A save that did not end has left nothing.
      if (file.savedFile !== null && file.state !== 'saving') {
        this.#world.saved.set(file.savedFile, savedGuest(file));
      }
    }
    return fleet;
  }

  async removed(id: string): Promise<void> {
    await this.#options.handed.delete(id);
    if (this.#fleet.has(id)) await this.#options.gone?.add(id);
  }

  async facts(): Promise<HostFacts> {
    const { processors, memoryBytes, clock } = this.#options;
    return {
      architecture: 'x86_64',
      operatingSystem: 'simulated',
      fullName: `${this.#options.hostName}.simulated`,
      kernel: 'simulated',
      processor: {
        vendor: 'simulated',
        model: 'simulated processor',
        sockets: 2,
        cores: Math.max(1, processors / 2),
        threads: processors,
        clockMhz: 3000,
        flags: [],
        grade: 'ok',
      },
      interfaces: [],
      memoryTotalBytes: memoryBytes,
      bootedAt: isoTime(clock.now()),
      hypervisor: {
        name: 'simulated',
        version: agentVersion,
        class: classOfHypervisor('simulated', 'none'),
      },
      acceleration: { kvm: 'absent', evidence: 'a simulated host', use: 'simulated' },
      missing: this.missing,
      programs: [],
      additionsVersion: agentVersion,
      agentVersion,
      processorModels: ['host', 'qemu64', 'max'],
      maxProcessorsPerVm: processors,
    };
  }

  memoryBytes(): { totalBytes: number; freeBytes: number } {
    const { memoryBytes: totalBytes } = this.#options;
    return { totalBytes, freeBytes: totalBytes };
  }

  async check(): Promise<Findings> {
    return { reasons: [], warnings: [], unplugged: [] };
  }

  /** Every path is a folder here. */
  async checkShare(): Promise<void> {}

  async checkSaved(file: MachineFile): Promise<readonly Reason[]> {
    if (file.savedFile !== null && this.#world.saved.has(file.savedFile)) return [];
    return [
      { code: 'saved-state-missing', text: 'the saved state is not there', remedy: 'discard it' },
    ];
  }

  async checkMemory(): Promise<readonly Reason[]> {
    return [];
  }

  async start(launch: Launch, observer: Observer): Promise<Running> {
    return this.#begin(launch, observer, 'start');
  }

  async restore(launch: Launch, path: string, observer: Observer): Promise<Running> {
    if (!this.#world.saved.has(path)) throw new Fault('not-found', `no saved state at ${path}`);
    return this.#begin(launch, observer, 'restore');
  }

  /** Nothing that waits outlives the agent. */
  readonly receiving: Receiving = {
    judge: async (file, needs) => judgeSimulated(file, needs),
    receive: async (launch, _, observer) =>
      new SimulatedReceived(await this.#begin(launch, observer, 'receive')),
    endWaiting: async () => undefined,
  };

  async find(file: MachineFile, observer: Observer): Promise<Found | undefined> {
    if (file.process?.bootId !== this.bootId()) return undefined;
    const running = this.#make(file, file.process, observer, this.#options.clock.now());
    return { kind: 'live', running, state: file.state === 'paused' ? 'paused' : 'running' };
  }

  async hardware(file: MachineFile): Promise<EffectiveHardware> {
    return simulatedHardware(file, false);
  }

  async checkMedium(): Promise<void> {}

  async probe(): Promise<void> {}

  async diagnose(): Promise<readonly Finding[]> {
    const told = tellFinding('simulated-processes', { count: this.#running.size });
    return [{ check: 'hypervisor', result: 'ok', ...told }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
  }

  async #begin(
    launch: Launch,
    observer: Observer,
    what: 'start' | 'restore' | 'receive',
  ): Promise<SimulatedRunning> {
    const { clock, timing, faults } = this.#options;
    const { id } = launch.file.definition;
    const attempt = launch.file.generation;
    const [from, to] = timing.startMs;
    await clock.sleep(this.#chance.between(from, to, what, id, attempt), launch.signal);
    const risk = what === 'restore' ? faults.restoreFails : faults.startFails;
    if (this.#chance.draw('fails', what, id, attempt) < risk) {
      throw new Fault('unavailable', `the simulated process did not ${what}`, {
        hint: 'try again',
      });
    }
    this.#starts += 1;
    const identity = { pid: 1 + this.#starts, startTicks: this.#starts, bootId: this.bootId() };
    const forwards = forwardsOf(launch.file);
    await launch.onProcess({ identity, accelerator: 'simulated', forwards });
    const [bootFrom, bootTo] = timing.bootMs;
    const bootMs =
      what !== 'start' ? 0 : this.#chance.between(bootFrom, bootTo, 'boot', id, attempt);
    return this.#make(launch.file, identity, observer, clock.now() + bootMs);
  }

  #make(
    file: MachineFile,
    identity: ProcessIdentity,
    observer: Observer,
    bootedMs: number,
  ): SimulatedRunning {
    const running = new SimulatedRunning(this.#world, file, identity, observer, bootedMs);
    this.#running.set(running.id, running);
    return running;
  }

  /** Every second, each running machine has the chance of a crash or panic of that second. */
  async #befall(): Promise<void> {
    const { clock, faults } = this.#options;
    const { signal } = this.#stop;
    const share = faultPeriodMs / hourMs;
    for (let second = 0; !signal.aborted; second += 1) {
      try {
        await clock.sleep(faultPeriodMs, signal);
      } catch {
        return;
      }
      for (const id of this.#running.keys()) {
        if (this.#files(id)?.state !== 'running') continue;
        const running = present(this.#running.get(id), 'a running machine');
        const luck = this.#chance.draw('second', second, id);
        if (luck < faults.crashPerHour * share) running.crash('segmentation fault');
        else if (1 - luck < faults.panicPerHour * share) running.panic();
      }
    }
  }
}
