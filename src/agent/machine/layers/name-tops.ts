/** Names of new layers, like their disks, and of what else a snapshot keeps, like the vm; in the vm's folder. */
import { basename } from 'node:path';
import type { Disk } from '#api';
import type { MachineFile } from '../record.ts';
import { topOf, type Layers, type NewTop } from './layers.ts';

export const layerSuffix = 'layer.qcow2';

/** A new top for each of the disks, on its present one unless another file is given. */
export function nameTops(
  layers: Layers,
  disks: readonly Disk[],
  suffix: string,
  on: readonly { readonly disk: string; readonly file: string }[] = [],
): NewTop[] {
  const taken = new Set(layers.files.map(({ file }) => file));
  return disks.map((disk) => {
    const layer = nameLayer(disk, suffix, taken);
    taken.add(layer);
    const wanted = on.find((one) => one.disk === disk.file)?.file;
    const known = layers.files.find(({ file }) => file === wanted);
    const top = known ?? topOf(layers, disk);
    return { disk, layer, on: { file: top.file, format: top.format } };
  });
}

/** `web-1.6c9f761e.state`: the folder of a snapshot, with no more of its id than tells it from the others. */
export function nameState(
  { file, layers }: Pick<MachineFile, 'file' | 'layers'>,
  id: string,
): string {
  const stem = stemOf(basename(file));
  const short = `${stem}.${id.slice(0, 8)}.state`;
  const isTaken = layers.snapshots.some(({ state }) => state === short);
  return isTaken ? `${stem}.${id}.state` : short;
}

export const stemOf = (name: string): string => name.replace(/\.[^.]*$/, '');

/** `web-1.undo.qcow2`, or with a number where that is taken. */
function nameLayer(disk: Disk, suffix: string, names: ReadonlySet<string>): string {
  const stem = stemOf(basename(disk.file));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? `${stem}.${suffix}` : `${stem}-${number}.${suffix}`;
    if (!names.has(name)) return name;
  }
}
