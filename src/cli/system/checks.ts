/** Whether this machine can be a host at all, before anything is installed or written. */
import { statfsSync } from 'node:fs';
import { arch, platform, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { existsSync } from 'node:fs';
import { Fault, formatBytes, giB, miB } from '#lib';
import type { Installation } from '../installation.ts';

const minimumDiskBytes = giB;
const minimumMemoryBytes = 700 * miB;

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

/** Errors: `unsupported` for another system, `exhausted` where space or memory is missing. */
export function checkMachine(installation: Installation): void {
  if (platform() !== 'linux')
    throw new Fault('unsupported', `Gantry runs on Linux; this is ${platform()}`);
  if (arch() !== 'x64' && arch() !== 'arm64')
    throw new Fault('unsupported', `no driver supports the architecture ${arch()}`, {
      hint: 'supported are x86-64 and arm64',
    });
  if (totalmem() < minimumMemoryBytes)
    throw new Fault(
      'exhausted',
      `this machine has ${formatBytes(totalmem())} of memory; ${formatBytes(minimumMemoryBytes)} is the least`,
    );
  const folder = nearestExisting(installation.data);
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < minimumDiskBytes) {
    throw new Fault(
      'exhausted',
      `only ${formatBytes(bavail * bsize)} are free at ${folder}; ${formatBytes(minimumDiskBytes)} is the least`,
      { hint: 'make room, or choose another place with --data DIR' },
    );
  }
}
