/** Whether what lies below the disks is as it was when it was sealed (DISK-25, DISK-26, SNAP-18). */
import { placeName, tellFinding } from '#api';
import { Fault } from '#lib';
import type { Obstacle } from '../../drivers/driver.ts';
import type { Storage } from '../../drivers/storage.ts';
import type { MachineFile } from '../record.ts';
import { chainOf, type Layer } from './layers.ts';
import { isSameSeal } from './seal.ts';
import { borrowedOf, servedChainOf } from './served-chain.ts';

type LayerObstacle = Omit<JudgedLayer, 'file'> & {
  readonly about: NonNullable<Obstacle['about']>;
};

/** Everything that keeps the disks' layers from being used, without any side effect. */
export async function judgeLayers(storage: Storage, file: MachineFile): Promise<LayerObstacle[]> {
  const obstacles: LayerObstacle[] = [];
  for (const disk of file.definition.hardware.disks) {
    const device = placeName(disk);
    const [, ...kept] = chainOf(file.layers, disk);
    const served = servedChainOf(file.layers, disk);
    const below = [...kept, ...(served === undefined ? [] : borrowedOf(served))];
    for (const { file: hostPath, ...rest } of await judgeChain(storage, file, device, below))
      obstacles.push({ ...rest, about: { device, hostPath } });
  }
  return obstacles;
}

/** What is wrong with a file that something lies on. */
export interface JudgedLayer {
  readonly file: string;
  readonly code: 'layer-missing' | 'layer-unreadable' | 'layer-changed';
  readonly text: string;
  readonly remedy: string;
}

/** Those of the files that are not what their seals say. */
export async function judgeChain(
  storage: Storage,
  machine: MachineFile,
  device: string,
  chain: readonly Pick<Layer, 'file' | 'seal'>[],
): Promise<JudgedLayer[]> {
  const findings: JudgedLayer[] = [];
  for (const { file, seal } of chain) {
    const found = await storage.layers.readSeal(machine, file);
    if (seal === null || (typeof found === 'object' && isSameSeal(seal, found))) continue;
    const state = typeof found === 'object' ? 'changed' : found;
    const told = tellFinding(`layer-${state}`, { file, disk: device });
    findings.push({ file, code: told.code, text: told.evidence, remedy: told.remedy });
  }
  return findings;
}

/** Errors: `refused` naming the first of the files that is not what its seal says. */
export async function requireUnchanged(
  storage: Storage,
  machine: MachineFile,
  device: string,
  files: readonly Pick<Layer, 'file' | 'seal'>[],
): Promise<void> {
  const [changed] = await judgeChain(storage, machine, device, files);
  if (changed === undefined) return;
  const { code, text, remedy } = changed;
  throw new Fault('refused', text, { hint: remedy, reasons: [{ code, text, remedy }] });
}

/** Whether a file is what it was when something was put on it. */
export async function isUnchanged(
  storage: Storage,
  machine: MachineFile,
  { file, seal }: Layer,
): Promise<boolean> {
  const found = await storage.layers.readSeal(machine, file);
  return seal !== null && typeof found === 'object' && isSameSeal(seal, found);
}
