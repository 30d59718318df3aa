/** Names of new layers: like their disks, in the vm's folder. */
import type { Disk } from '#api';
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

/** `web-1.undo.qcow2`, or with a number where that is taken. */
function nameLayer(disk: Disk, suffix: string, names: ReadonlySet<string>): string {
  const base = disk.file.slice(disk.file.lastIndexOf('/') + 1);
  const stem = base.replace(/\.[^.]*$/, '');
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? `${stem}.${suffix}` : `${stem}-${number}.${suffix}`;
    if (!names.has(name)) return name;
  }
}
