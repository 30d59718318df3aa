/**
 * Control groups: what a vm's process may take from its host, enforced by the kernel (HOST-17, SEC-06).
 * Version 2 where its controllers are mounted, else version 1, else nothing, said in `describe`.
 *
 *   MOUNT/gantry/INSTALLATION/VM
 *
 * Invariants: (1) a group is made before the process joins it, and removed after its end; what an agent
 * that was killed left is removed by the next one. A vm that starts again before its last process is wholly
 * gone keeps the group that it makes. (2) Installations side by side have a folder each and
 * touch no other's. Without a writable hierarchy nothing fails; the host's facts say what is lost. (3) What `gantry` itself weighs
 * beside the rest of the host is its administrator's: it has the kernel's default, as libvirt's `machine.slice` has, and nobody
 * here writes it. Weights of vms are promises among vms.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeFault, Fault, miB } from '#lib';
import { isNative, type VmDefinition } from '#api';

export interface Limits {
  /** 1 to 10,000; 100 is usual. */
  readonly cpuWeight: number;
  /** In processors. */
  readonly cpuMaximum: number;
  readonly memoryBytes: number;
  readonly processes: number;
}

/** Over half a minute: a process that serves disks writes out what it holds before it goes. */
const removeAttempts = 24;
const removePauseMs = 50;
const maxPauseMs = 2_000;
const periodUs = 100_000;
/** For the threads of the process beside those of the processors. */
const spareProcessors = 1;
const spareProcesses = 256;
/** An emulator keeps the code that it translated. */
const translationBytes = 1280 * miB;
const processBytes = 256 * miB;
/** For the process that serves disks, where there is one: three times what it takes. */
const servingBytes = 192 * miB;

export function limitsOf(
  definition: VmDefinition,
  accelerator: 'kvm' | 'tcg',
  overheadBytes: number,
): Limits {
  const { processor, memory, disks } = definition.hardware;
  const { cpuWeight, cpuMaximumPercent } = definition.resources;
  const most = Math.max(processor.count, processor.maxCount ?? 0);
  const spare = cpuMaximumPercent === 100 ? spareProcessors : 0;
  const own =
    (accelerator === 'tcg' ? translationBytes : processBytes) +
    (disks.every(isNative) ? 0 : servingBytes);
  return {
    cpuWeight,
    cpuMaximum: (processor.count * cpuMaximumPercent) / 100 + spare,
    memoryBytes: Math.max(memory.sizeBytes, memory.maxBytes ?? 0) + overheadBytes + own,
    processes: most + spareProcesses,
  };
}

/** Files of one group and what is written into them. */
export type Settings = readonly (readonly [file: string, value: string])[];

export function settingsV2(limits: Limits): Settings {
  return [
    ['cpu.weight', String(limits.cpuWeight)],
    ['cpu.max', `${Math.round(limits.cpuMaximum * periodUs)} ${periodUs}`],
    ['memory.max', String(limits.memoryBytes)],
    ['pids.max', String(limits.processes)],
  ];
}

/** By controller; shares count from 2, 1024 is usual. */
export function settingsV1(limits: Limits): Readonly<Record<string, Settings>> {
  const shares = Math.max(2, Math.round((limits.cpuWeight * 1024) / 100));
  return {
    cpu: [
      ['cpu.shares', String(shares)],
      ['cpu.cfs_period_us', String(periodUs)],
      ['cpu.cfs_quota_us', String(Math.round(limits.cpuMaximum * periodUs))],
    ],
    memory: [['memory.limit_in_bytes', String(limits.memoryBytes)]],
    pids: [['pids.max', String(limits.processes)]],
  };
}

interface Hierarchy {
  /** Folder below which groups of vms are made. */
  readonly base: string;
  readonly settings: (limits: Limits) => Settings;
}

export class ControlGroups {
  readonly #hierarchies: readonly Hierarchy[];
  /** For people: what is enforced, or why nothing is. */
  readonly describe: string;
  readonly enforced: boolean;
  /** Groups that wait for the last of their processes to leave. */
  readonly #leaving = new Map<string, NodeJS.Timeout>();

  private constructor(hierarchies: readonly Hierarchy[], describe: string) {
    this.#hierarchies = hierarchies;
    this.describe = describe;
    this.enforced = hierarchies.length > 0;
  }

  /** Looks for hierarchies in which this program may make groups. Never fails. `dataDir` tells installations apart. */
  static find(dataDir: string): ControlGroups {
    const groups = ControlGroups.#look(join('gantry', installationMark(dataDir)));
    groups.#sweep();
    return groups;
  }

  static #look(folder: string): ControlGroups {
    const mounts = parseMounts(readOr('/proc/self/mountinfo', ''));
    try {
      const v2 = mounts.find(
        ({ type, controllers }) => type === 'cgroup2' && controllers.includes('cpu'),
      );
      if (v2) {
        const base = prepareV2(v2.path, folder);
        return new ControlGroups(
          [{ base, settings: settingsV2 }],
          `control groups version 2 at ${base}`,
        );
      }
      const v1 = prepareV1(mounts, folder);
      if (v1.length === 0) return new ControlGroups([], 'no control groups are mounted');
      const names = v1.map(({ base }) => base).join(', ');
      return new ControlGroups(v1, `control groups version 1 at ${names}`);
    } catch (error) {
      return new ControlGroups([], `control groups cannot be used: ${describeFault(error)}`);
    }
  }

  /** Makes the vm's groups, or changes them. Errors: `refused` naming the file. */
  set(id: string, limits: Limits): void {
    for (const { base, settings } of this.#hierarchies) {
      const group = join(base, id);
      this.#keep(group);
      mkdirSync(group, { recursive: true });
      for (const [file, value] of settings(limits)) writeSetting(join(group, file), value);
    }
  }

  /**
   * Puts a process with all its threads into the vm's groups. The kernel takes milliseconds for each, which
   * the agent's other work need not wait for. One that has ended meanwhile joins nothing.
   * Errors: `refused` naming the file.
   */
  async join(id: string, pid: number): Promise<void> {
    await Promise.all(
      this.#hierarchies.map(async ({ base }) => {
        const path = join(base, id, 'cgroup.procs');
        try {
          await writeFile(path, String(pid));
        } catch (cause) {
          if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw refused(path, pid, cause);
        }
      }),
    );
  }

  /** After the process has ended. */
  remove(id: string): void {
    for (const { base } of this.#hierarchies) this.#removeGroup(join(base, id), removeAttempts);
  }

  /** A process that has ended is on its way out of its group for a moment. */
  #removeGroup(path: string, attempts: number, pauseMs = removePauseMs): void {
    this.#keep(path);
    if (tryRemove(path) || attempts === 1) return;
    const nextMs = Math.min(2 * pauseMs, maxPauseMs);
    const again = setTimeout(() => this.#removeGroup(path, attempts - 1, nextMs), pauseMs);
    this.#leaving.set(path, again.unref());
  }

  #keep(path: string): void {
    clearTimeout(this.#leaving.get(path));
    this.#leaving.delete(path);
  }

  /** The end of the agent: nothing stays of an installation that has no process any more. */
  close(): void {
    this.#sweep();
    for (const { base } of this.#hierarchies) {
      if (tryRemove(base)) tryRemove(dirname(base));
    }
  }

  /** Groups in which there is no process any more. */
  #sweep(): void {
    for (const { base } of this.#hierarchies) {
      for (const name of readdirSync(base)) if (isId(name)) tryRemove(join(base, name));
    }
  }
}

/** As short as the name of a group should be, and another for every installation. */
function installationMark(dataDir: string): string {
  return createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
}

const isId = (name: string): boolean => /^[0-9a-f-]{36}$/.test(name);

/** Whether the group is gone. The kernel keeps one in which there is a process. */
function tryRemove(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

interface Mount {
  readonly path: string;
  readonly type: string;
  readonly controllers: readonly string[];
}

/** Control group mounts out of /proc/self/mountinfo (proc(5)). */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line): Mount[] => {
    const [left = '', right = ''] = line.split(' - ');
    const path = left.split(' ')[4];
    const [type = '', , options = ''] = right.split(' ');
    if (path === undefined || !type.startsWith('cgroup')) return [];
    const controllers =
      type === 'cgroup2'
        ? readOr(join(path, 'cgroup.controllers'), '').trim().split(' ')
        : options.split(',');
    return [{ path, type, controllers }];
  });
}

/** As root below the top; else in the group that was delegated to this program. */
function prepareV2(mount: string, folder: string): string {
  const wanted = '+cpu +memory +pids';
  if (process.getuid?.() === 0) {
    const base = join(mount, folder);
    mkdirSync(base, { recursive: true });
    for (const path of [mount, dirname(base), base])
      writeSetting(join(path, 'cgroup.subtree_control'), wanted);
    return base;
  }
  const own = /^0::(\/.*)$/m.exec(readOr('/proc/self/cgroup', ''))?.[1];
  if (own === undefined) throw new Fault('unsupported', 'this program is in no group');
  const base = join(mount, own);
  accessSync(join(base, 'cgroup.subtree_control'), constants.W_OK);
  // A group with groups below it holds no process itself.
  const leaf = join(base, 'agent');
  mkdirSync(leaf, { recursive: true });
  writeSetting(join(leaf, 'cgroup.procs'), String(process.pid));
  writeSetting(join(base, 'cgroup.subtree_control'), wanted);
  return base;
}

function prepareV1(mounts: readonly Mount[], folder: string): Hierarchy[] {
  return ['cpu', 'memory', 'pids'].flatMap((controller): Hierarchy[] => {
    const mount = mounts.find(
      ({ type, controllers }) => type === 'cgroup' && controllers.includes(controller),
    );
    if (!mount) return [];
    const base = join(mount.path, folder);
    mkdirSync(base, { recursive: true });
    // where another user was here before, the folder is there and not ours
    accessSync(base, constants.W_OK);
    return [{ base, settings: (limits) => settingsV1(limits)[controller] ?? [] }];
  });
}

function writeSetting(path: string, value: string): void {
  try {
    writeFileSync(path, value);
  } catch (cause) {
    throw refused(path, value, cause);
  }
}

function refused(path: string, value: string | number, cause: unknown): Fault {
  return new Fault('refused', `cannot write ${value} to ${path}`, { cause });
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
