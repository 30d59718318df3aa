/** Control groups for a bare process that are as those of another: beside them, with the same settings (cgroups(7)). */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseMounts } from '../src/agent/drivers/qemu/confine/cgroups.ts';

/** Of version 2 and of version 1. */
const settings = [
  'cpu.weight',
  'cpu.max',
  'memory.max',
  'pids.max',
  'cpu.shares',
  'cpu.cfs_period_us',
  'cpu.cfs_quota_us',
  'memory.limit_in_bytes',
] as const;
const attempts = 100;
const pauseMs = 20;

/** A group that a process has for itself, as it was when it was looked at. */
export interface GroupModel {
  readonly folder: string;
  /** Files and what is in them. */
  readonly settings: readonly (readonly [file: string, value: string])[];
}

export function readGroups(pid: number): readonly GroupModel[] {
  const mounts = parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  return lines.flatMap((line): GroupModel[] => {
    const [, controllers = '', path = '/'] = line.split(':');
    const mount = mounts.find((one) =>
      controllers === ''
        ? one.type === 'cgroup2'
        : one.controllers.includes(controllers.split(',')[0] ?? ''),
    );
    if (mount === undefined) return [];
    const folder = join(mount.path, path);
    const members = readFileSync(join(folder, 'cgroup.procs'), 'utf8').trim();
    if (members !== String(pid)) return [];
    const there = settings.filter((name) => existsSync(join(folder, name)));
    return [
      { folder, settings: there.map((name) => [name, readFileSync(join(folder, name), 'utf8')]) },
    ];
  });
}

/** Puts the process into groups of its own beside the models. They go when it has ended and this is disposed. */
export function joinLike(models: readonly GroupModel[], pid: number): AsyncDisposable {
  const made: string[] = [];
  for (const model of models) {
    const folder = join(dirname(model.folder), `bare-${pid}`);
    mkdirSync(folder);
    made.push(folder);
    for (const [name, value] of model.settings) writeFileSync(join(folder, name), value);
    writeFileSync(join(folder, 'cgroup.procs'), String(pid));
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const folder of made) await remove(folder);
    },
  };
}

/** The kernel keeps one for a moment whose process has just ended. */
async function remove(folder: string): Promise<void> {
  for (let left = attempts; ; left -= 1) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      if (left === 0) throw error;
      await sleep(pauseMs);
    }
  }
}
