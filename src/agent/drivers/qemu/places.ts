/**
 * Where the files of a machine are.
 *
 *   <folder>/                the vm's own: configuration, disks, saved state, firmware variables, TPM, log
 *   <runtime>/<id>/          sockets, gone after a restart of the host; each socket path at most 107 bytes
 */
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { firstBootSuffix, type Disk } from '#api';
import { Fault } from '#lib';
import { chainOf } from '../../machine/layers/layers.ts';
import type { MachineFile } from '../../machine/record.ts';

const maxSocketPathBytes = 107;

/** A file of a definition: relative ones are in the vm's folder. */
export function resolveFile(folder: string, file: string): string {
  return isAbsolute(file) ? resolve(file) : join(folder, file);
}

/** The files of a disk from the one that the guest writes down to the disk's own. */
export function diskPaths(
  { folder, layers }: Pick<MachineFile, 'folder' | 'layers'>,
  disk: Disk,
): readonly [string, ...string[]] {
  const [top, ...below] = chainOf(layers, disk).map(({ file }) => resolveFile(folder, file));
  return [top ?? resolveFile(folder, disk.file), ...below];
}

export interface RunPlaces {
  readonly folder: string;
  readonly monitor: string;
  readonly screen: string;
  readonly serial: readonly [string, string];
  readonly channel: string;
  readonly tpm: string;
  /** Disks that are served to the process (docs/rfd/0027). */
  readonly disks: string;
  /** Where what serves them is told which. */
  readonly serving: string;
  /** Where a state passes through while it is saved or restored. */
  readonly state: string;
  /** Disks that are written from another host while the guest has not come yet. */
  readonly coming: string;
  readonly screenshot: string;
  /** Where a piece of memory passes through. */
  readonly memory: string;
  /** Links to shared folders. */
  readonly shares: string;
}

/** Errors: `invalid` when the runtime folder is too deep for sockets. */
export function runPlaces(runtimeDir: string, id: string): RunPlaces {
  const folder = join(runtimeDir, id.replaceAll('-', ''));
  const longest = Buffer.byteLength(join(folder, 'monitor'));
  if (longest > maxSocketPathBytes) {
    throw new Fault('invalid', `the runtime folder ${runtimeDir} is too deep for sockets`, {
      hint: 'choose a shorter --runtime',
    });
  }
  return {
    folder,
    monitor: join(folder, 'monitor'),
    screen: join(folder, 'screen'),
    serial: [join(folder, 'serial1'), join(folder, 'serial2')],
    channel: join(folder, 'channel'),
    tpm: join(folder, 'tpm'),
    disks: join(folder, 'disks'),
    serving: join(folder, 'serving'),
    state: join(folder, 'state'),
    coming: join(folder, 'coming'),
    screenshot: join(folder, 'shot.png'),
    memory: join(folder, 'memory'),
    shares: join(folder, 'shares'),
  };
}

/** Files beside the configuration, named like it. */
export interface OwnPlaces {
  readonly saved: string;
  /** What lies on the disks, and how. */
  readonly layers: string;
  /** What the saved state belongs to. */
  readonly savedFacts: string;
  /** A picture of the screen as it was then. */
  readonly savedScreen: string;
  readonly firmware: string;
  readonly tpm: string;
  /** The configuration disk that the guest reads at its first start. */
  readonly firstBoot: string;
  readonly log: string;
  /** Of the process that serves disks. */
  readonly disksLog: string;
}

export function ownPlaces(file: Pick<MachineFile, 'file'>): OwnPlaces {
  const stem = join(dirname(file.file), basename(file.file).replace(/\.[^.]*$/, ''));
  return {
    saved: `${stem}.saved`,
    layers: `${stem}.layers.json`,
    savedFacts: `${stem}.saved.json`,
    savedScreen: `${stem}.saved.png`,
    firmware: `${stem}.firmware`,
    tpm: `${stem}.tpm`,
    firstBoot: `${stem}${firstBootSuffix}`,
    log: `${stem}.log`,
    disksLog: `${stem}.disks.log`,
  };
}
