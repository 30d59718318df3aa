/**
 * Layers as a file tells of them that came with its folder: whoever put that there may have written anything into it. What is
 * said to be under way is not: the host that wrote it has finished, or nobody will. Pure.
 */
import { basename } from 'node:path';
import { Fault } from '#lib';
import type { Layers } from './layers.ts';

/** Errors: `forbidden` for a state kept elsewhere than in the vm's folder. */
export function quietLayers(layers: Layers): Layers {
  for (const { state } of layers.snapshots)
    if (basename(state) !== state || state.startsWith('.'))
      throw new Fault(
        'forbidden',
        `a snapshot keeps its state in ${state}, which is no name in the folder of the vm`,
      );
  return {
    ...layers,
    stateFrom: null,
    separated: null,
    taking: null,
    merging: null,
    standing: false,
    unfinished: [],
  };
}

/** Every file that they name. */
export function filesNamed(layers: Layers): ReadonlySet<string> {
  const places = [layers.undo, ...layers.snapshots.map(({ undo }) => undo)].flatMap(
    (undo) => undo?.below ?? [],
  );
  return new Set([
    ...layers.files.flatMap(({ file, parent }) => (parent === null ? [file] : [file, parent])),
    ...layers.tops.flatMap(({ disk, top }) => [disk, top]),
    ...[...places, ...layers.snapshots.flatMap(({ disks }) => disks)].flatMap(({ disk, file }) => [
      disk,
      file,
    ]),
  ]);
}
