/** A host with the simulated driver, in this process, on a held clock, in a folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  hostSettingsSchema,
  profiles,
  vmDefinitionSchema,
  type AgentEvent,
  type Cause,
  type PowerAction,
  type VmActionRequest,
  type VmDefinition,
} from '#api';
import { giB } from '#lib';
import { silentLog } from '#log';
import { SimulatedDriver } from '../drivers/simulated/driver.ts';
import { Gone } from '../drivers/simulated/gone.ts';
import { HandedGuests } from '../drivers/simulated/handed.ts';
import {
  noFaults,
  type SimulatedFaults,
  type SimulatedTiming,
} from '../drivers/simulated/options.ts';
import { Host } from '../host/host.ts';
import type { HostFile } from '../host/host-file.ts';
import { Outbox } from '../host/outbox.ts';
import type { Machine } from '../machine/machine.ts';
import { Arrivals } from '../transfer/arrivals.ts';
import { HeldClock } from './held-clock.ts';
import { MemoryRecords } from './memory-records.ts';

export const tester: Cause = { actor: { kind: 'user', name: 'tester' }, correlationId: null };

export interface TestHostOptions {
  readonly seed?: string;
  readonly vms?: number;
  readonly faults?: Partial<SimulatedFaults>;
  readonly timing?: Partial<SimulatedTiming>;
  readonly settings?: Partial<HostFile['settings']>;
  readonly memoryBytes?: number;
}

const timing: SimulatedTiming = {
  startMs: [1_000, 1_000],
  bootMs: [5_000, 5_000],
  shutdownMs: [3_000, 3_000],
  resetMs: [100, 100],
  saveBytesPerSecond: giB,
};

export class TestHost implements AsyncDisposable {
  readonly clock = new HeldClock();
  readonly folder: string;
  readonly #options: TestHostOptions;
  readonly records = new MemoryRecords();
  #file: HostFile;
  #host: Host | undefined;

  private constructor(folder: string, options: TestHostOptions) {
    this.folder = folder;
    this.#options = options;
    this.#file = {
      gantry: 'host',
      format: 1,
      hostId: '00000000-0000-4000-8000-000000000001',
      hostName: 'h',
      settings: hostSettingsSchema.parse(options.settings ?? {}),
      eventScripts: false,
      thumbnails: true,
      serviceRunning: true,
      bootId: 'simulated',
    };
  }

  /** What a write of the host's file waits for: its disk. */
  beforeSave = async (): Promise<void> => undefined;

  static async make(options: TestHostOptions = {}): Promise<TestHost> {
    const host = new TestHost(await mkdtemp(join(tmpdir(), 'gh-')), options);
    await host.start();
    return host;
  }

  get host(): Host {
    if (!this.#host) throw new Error('the agent does not run');
    return this.#host;
  }

  get events(): readonly AgentEvent[] {
    return this.host.outbox.waiting;
  }

  eventNames(id?: string): string[] {
    return this.events
      .filter((event) => id === undefined || event.vmId === id)
      .map((event) => event.name);
  }

  /** As an agent that starts, with `bootId` after a restart of the host. */
  async start(bootId = this.#file.bootId): Promise<void> {
    const { seed = 's', vms = 0, faults, memoryBytes = 64 * giB } = this.#options;
    this.#file = { ...this.#file, bootId };
    this.#host = await Host.open({
      file: this.#file,
      saveFile: async (file) => {
        await this.beforeSave();
        this.#file = file;
      },
      driver: async (asked) =>
        new SimulatedDriver(
          {
            seed,
            hostName: 'h',
            vms,
            timing: { ...timing, ...this.#options.timing },
            faults: { ...noFaults, ...faults },
            gone: await Gone.open(join(this.folder, 'gone.json')),
            handed: await HandedGuests.open(join(this.folder, 'handed.json')),
            clock: this.clock,
            memoryBytes,
            processors: 8,
          },
          asked,
        ),
      clock: this.clock,
      log: silentLog,
      outbox: await Outbox.open(join(this.folder, 'outbox.jsonl'), 'cached', silentLog),
      records: this.records,
      arrivals: await Arrivals.open(join(this.folder, 'arrivals'), silentLog),
    });
    await this.#host.begin();
  }

  /** As the end of the agent by a signal. */
  async stop(): Promise<void> {
    const host = this.#host;
    this.#host = undefined;
    if (host) await host[Symbol.asyncDispose]();
  }

  async add(change: DefinitionChange = {}): Promise<Machine> {
    const definition = makeDefinition(change);
    const place = {
      folder: `/simulated/h/${definition.name}`,
      file: `/simulated/h/${definition.name}/vm.json`,
    };
    return this.host.add(this.host.newFile(definition, 1, place));
  }

  machine(id: string): Machine {
    return this.host.machine(id);
  }

  /** Carries out an action, letting the time pass that it needs. */
  async act(
    machine: Machine,
    action: PowerAction,
    generation: number,
    request: VmActionRequest = {},
  ): Promise<string> {
    const call = { action, generation, correlationId: null, cause: tester, request };
    return (await this.clock.finish(machine.act(call))).state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export type DefinitionChange = Partial<Pick<VmDefinition, 'id' | 'name'>> & {
  readonly settings?: unknown;
  readonly hardware?: Partial<VmDefinition['hardware']>;
  readonly resources?: unknown;
};

let counter = 0;

export function makeDefinition(change: DefinitionChange = {}): VmDefinition {
  counter += 1;
  return vmDefinitionSchema.parse({
    id: change.id ?? `10000000-0000-4000-8000-${String(counter).padStart(12, '0')}`,
    name: change.name ?? `vm-${counter}`,
    hardware: { ...profiles.modern.hardware, ...change.hardware },
    ...(change.settings === undefined ? {} : { settings: change.settings }),
    ...(change.resources === undefined ? {} : { resources: change.resources }),
  });
}
