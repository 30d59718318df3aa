/** For tests with real QEMU: an agent as a process, a coordinator made of bytes, and short words for calls. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  profiles,
  vmDefinitionSchema,
  type DiskSource,
  type MachineReport,
  type MachineSample,
  type PowerAction,
  type VmActionRequest,
  type VmDefinition,
} from '#api';
import { isFault, miB, systemClock } from '#lib';
import { buildImage, type BuiltImage } from '#images';
import { ControlGroups } from '../drivers/qemu/confine/cgroups.ts';
import { AgentProcess } from './agent-process.ts';
import { FakeCoordinator, type FakeHost } from './fake-coordinator.ts';

/** A reason to skip, or false. */
export const withoutQemu: string | false =
  spawnSync('qemu-system-x86_64', ['--version']).status === 0 ? false : 'QEMU is not installed';

export const byTester = { actor: { kind: 'user', name: 'tester' }, correlationId: null } as const;

/** Where images are kept between runs. */
const cacheDir = process.env['GANTRY_TEST_CACHE'] ?? '/var/tmp/gantry-cache';

export function starterImage(): Promise<BuiltImage> {
  return buildImage({ kind: 'starter', cacheDir });
}

/** An agent with QEMU and everything of it that a test leaves behind, gone at the end. */
export class QemuAgent implements AsyncDisposable {
  readonly coordinator: FakeCoordinator;
  readonly process: AgentProcess;
  readonly host: FakeHost;
  /** A folder that vms may use files of. */
  readonly shelf: string;
  readonly #generations = new Map<string, number>();

  private constructor(
    coordinator: FakeCoordinator,
    process: AgentProcess,
    host: FakeHost,
    shelf: string,
  ) {
    this.coordinator = coordinator;
    this.process = process;
    this.host = host;
    this.shelf = shelf;
  }

  static start(...more: readonly string[]): Promise<QemuAgent> {
    return QemuAgent.startIn(undefined, ...more);
  }

  /** In another network namespace than its coordinator, which `reach` makes reachable there. */
  static async startIn(
    space: { readonly pid: number; readonly reach: (port: number) => Promise<void> } | undefined,
    ...more: readonly string[]
  ): Promise<QemuAgent> {
    const coordinator = await FakeCoordinator.start();
    await space?.reach(coordinator.port);
    const shelf = await mkdtemp(join(tmpdir(), 'gs-'));
    await chmod(shelf, 0o755);
    coordinator.settings = {
      ...coordinator.settings,
      searchPath: [shelf, cacheDir],
      minimumFreeDiskBytes: 16 * miB,
    };
    const args = ['--driver', 'qemu', ...more];
    const process = await AgentProcess.startIn(space?.pid, coordinator, ...args);
    try {
      const host = await coordinator.host(undefined, 60_000);
      return new QemuAgent(coordinator, process, host, shelf);
    } catch (cause) {
      // What is left open would keep the test's own process alive.
      await process[Symbol.asyncDispose]();
      await coordinator[Symbol.asyncDispose]();
      throw new Error(`the agent does not come up: ${process.output.slice(-2000)}`, { cause });
    }
  }

  /** A folder on another volume that vms may use, gone with the answer; undefined where there is none. */
  async secondVolume(): Promise<(AsyncDisposable & { readonly path: string }) | undefined> {
    const path = await mkdtemp('/dev/shm/gv-').catch(() => undefined);
    if (path === undefined) return undefined;
    await chmod(path, 0o711);
    const { settings, eventScripts } = this.coordinator;
    const searchPath = [...settings.searchPath, path];
    await this.host.call('host.configure', { settings: { ...settings, searchPath }, eventScripts });
    return {
      path,
      [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
    };
  }

  async create(definition: VmDefinition, disks: DiskSource[] = []): Promise<string> {
    const { id } = definition;
    const params = { id, generation: 0, cause: byTester, definition, definitionVersion: 1, disks };
    await this.host.call('machine.create', params);
    return id;
  }

  /** A start of a machine is a new generation, as the coordinator counts them. */
  async act(
    id: string,
    action: PowerAction,
    request: VmActionRequest = {},
  ): Promise<MachineReport> {
    const starts = ['turn-on', 'hold', 'restore', 'restart'].includes(action);
    const generation = (this.#generations.get(id) ?? 0) + (starts ? 1 : 0);
    this.#generations.set(id, generation);
    const params = { id, generation, cause: byTester, action, request };
    return (await this.host.call('machine.act', params)).report;
  }

  /** The vm's folder on this host. */
  folder(id: string): string {
    return this.host.reports.get(id)?.path ?? '';
  }

  /** What stands against a start, or nothing where it starts. */
  async blockedCodes(id: string): Promise<string[]> {
    try {
      await this.act(id, 'turn-on');
      return [];
    } catch (error) {
      if (isFault(error, 'blocked')) return error.reasons.map(({ code }) => code);
      throw error;
    }
  }

  generation(id: string): number {
    return this.#generations.get(id) ?? 0;
  }

  /** Of a vm that has come from another host. */
  goOnFrom(id: string, generation: number): void {
    this.#generations.set(id, generation);
  }

  async until(id: string, state: MachineReport['state'], limitMs = 60_000): Promise<void> {
    const holds = (): boolean => this.host.reports.get(id)?.state === state;
    await this.host.until(`${id} is ${state}`, holds, limitMs);
  }

  async untilSample(
    id: string,
    what: string,
    holds: (sample: MachineSample) => boolean,
    limitMs = 120_000,
  ): Promise<MachineSample> {
    const find = (): MachineSample | undefined => this.host.samples.get(id);
    const fits = (): boolean => {
      const sample = find();
      return sample !== undefined && holds(sample);
    };
    await this.host.until(what, fits, limitMs);
    const sample = find();
    if (!sample) throw new Error('the sample went away');
    return sample;
  }

  async untilEvent(name: string, id: string, limitMs = 60_000): Promise<void> {
    const there = (): boolean => this.events(id).includes(name);
    await this.host.until(`event ${name}`, there, limitMs);
  }

  events(id: string): string[] {
    return this.host.events.filter(({ vmId }) => vmId === id).map(({ name }) => name);
  }

  /** The next agent in the place of one that was stopped; resolves when it is heard. */
  async comeBack(): Promise<void> {
    const { links } = this.host;
    this.process.run();
    await this.host.until('the agent comes back', () => this.host.links > links, 60_000);
  }

  /** Kills the agent; `meanwhile` is done before the next one starts. */
  async restart(meanwhile: () => Promise<void> = async () => undefined): Promise<void> {
    await this.process.stop('SIGKILL');
    await meanwhile();
    await this.comeBack();
  }

  /** The process of the vm, found as an outsider would. */
  pid(id: string): number | undefined {
    const { stdout } = spawnSync(
      'pgrep',
      ['-f', `^[^ ]*qemu-system-(x86_64|aarch64) .*-uuid ${id} `],
      {
        encoding: 'utf8',
      },
    );
    const pids = stdout.split('\n').filter((line) => line !== '');
    if (pids.length > 1) throw new Error(`more than one process of ${id}: ${pids.join(', ')}`);
    return pids[0] === undefined ? undefined : Number(pids[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop('SIGKILL');
    for (const id of [...this.host.reports.keys(), ...this.host.records.keys()]) {
      const pid = this.pid(id);
      if (pid === undefined) continue;
      process.kill(pid, 'SIGKILL');
      await untilEnded(pid);
    }
    // Services of networks outlive their agent.
    spawnSync('pkill', ['-KILL', '-f', `^[^ ]*dnsmasq .*${this.process.folder}/`]);
    ControlGroups.find(join(this.process.folder, 'data')).close();
    await this.process[Symbol.asyncDispose]();
    await this.coordinator[Symbol.asyncDispose]();
    await rm(this.shelf, { recursive: true, force: true });
  }
}

/** Ended, though perhaps nobody has asked for its exit status yet. */
async function untilEnded(pid: number): Promise<void> {
  for (let turn = 0; turn < 200 && isRunning(pid); turn += 1) await systemClock.sleep(10);
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

let counter = 0;

/** A machine that is up in a moment: its firmware finds nothing to boot from. */
export function bareDefinition(
  change: Partial<VmDefinition['hardware']> = {},
  more: object = {},
): VmDefinition {
  counter += 1;
  return vmDefinitionSchema.parse({
    id: crypto.randomUUID(),
    name: `bare-${counter}`,
    hardware: {
      ...profiles.modern.hardware,
      memory: { sizeBytes: 32 * miB, maxBytes: null },
      graphics: { ...profiles.modern.hardware.graphics, adapter: 'std' },
      usb: 'none',
      tablet: false,
      ...change,
    },
    ...more,
  });
}

/** A disk of 64 MiB at virtio0:0. */
export function testDisk(file: string): VmDefinition['hardware']['disks'][number] {
  return {
    bus: 'virtio',
    controller: 0,
    position: 0,
    file,
    format: 'qcow2',
    sizeBytes: 64 * miB,
    readOnly: false,
    shared: false,
    discard: true,
    cache: 'writeback',
    serial: '',
  };
}

export function newDisk(file: string): DiskSource {
  return { kind: 'new', file, format: 'qcow2', sizeBytes: 64 * miB };
}
