/**
 * A disk goes to another place with all files that are its own: its layers, and those that a snapshot alone needs. What lies
 * below its own file, parents of a differencing disk, stays where it is. Pure.
 */
import { basename, dirname, join } from 'node:path';
import type { Disk, VmDefinition } from '#api';
import { chainFrom, chainOf, type Layer, type Layers } from './layers.ts';
import { stemOf } from './name-tops.ts';
import { renameServed } from './served-chain.ts';

export interface Renaming {
  readonly from: string;
  readonly to: string;
}

export interface MovedFiles {
  /** What a process has open, from the top down to the disk's own file, which goes to the asked place. */
  readonly chain: readonly Renaming[];
  /** Of snapshots on which the present does not stand. */
  readonly others: readonly Renaming[];
}

/** All in the folder of `to`, named like that. */
export function filesToMove(layers: Layers, disk: Disk, to: string): MovedFiles {
  const own = disk.file;
  const whole = chainOf(layers, disk).map(({ file }) => file);
  const chain = whole.slice(0, whole.indexOf(own) + 1);
  const others = layers.files
    .map(({ file }) => file)
    .filter((file) => !chain.includes(file) && isOn(layers, file, own));
  const taken = new Set([...layers.files.map(({ file }) => file), to]);
  const rename = (from: string): Renaming => {
    if (from === own) return { from, to };
    const name = freeName(from, own, to, taken);
    taken.add(name);
    return { from, to: name };
  };
  return { chain: chain.map(rename), others: others.map(rename) };
}

function isOn(layers: Layers, file: string, own: string): boolean {
  return chainFrom(layers, file).some((layer) => layer.file === own);
}

/** `data.layer.qcow2` of `data.qcow2` is `web.layer.qcow2` of `web.qcow2`, or has a number where that is taken. */
function freeName(from: string, own: string, to: string, taken: ReadonlySet<string>): string {
  const stem = stemOf(basename(own));
  const name = basename(from);
  const rest = name.startsWith(stem) ? name.slice(stem.length) : `.${name}`;
  for (let number = 1; ; number += 1) {
    const numbered = number === 1 ? '' : `-${number}`;
    const path = join(dirname(to), `${stemOf(basename(to))}${numbered}${rest}`);
    if (!taken.has(path)) return path;
  }
}

export function namesOf({ chain, others }: MovedFiles): ReadonlyMap<string, string> {
  return new Map([...chain, ...others].map(({ from, to }) => [from, to]));
}

/** The files under their new names, wherever they are named. */
export function renameFiles(layers: Layers, names: ReadonlyMap<string, string>): Layers {
  const put = (file: string): string => names.get(file) ?? file;
  const places = <T extends { readonly disk: string; readonly file: string }>(
    list: readonly T[],
  ): T[] => list.map((one) => ({ ...one, disk: put(one.disk), file: put(one.file) }));
  const session = (undo: Layers['undo']): Layers['undo'] =>
    undo && { ...undo, below: places(undo.below) };
  return {
    ...renameServed(layers, names),
    files: layers.files.map((layer) => ({
      ...layer,
      file: put(layer.file),
      parent: layer.parent === null ? null : put(layer.parent),
    })),
    tops: layers.tops.map(({ disk, top }) => ({ disk: put(disk), top: put(top) })),
    ...(layers.merging && {
      merging: { upper: put(layers.merging.upper), lower: put(layers.merging.lower) },
    }),
    undo: session(layers.undo),
    snapshots: layers.snapshots.map((snapshot) => ({
      ...snapshot,
      disks: places(snapshot.disks),
      undo: session(snapshot.undo),
      definition: renameDisks(snapshot.definition, names),
      memory: snapshot.memory && {
        ...snapshot.memory,
        startedWith: snapshot.memory.startedWith && renameDisks(snapshot.memory.startedWith, names),
      },
    })),
  };
}

export function renameDisks(
  definition: VmDefinition,
  names: ReadonlyMap<string, string>,
): VmDefinition {
  const { hardware } = definition;
  const disks = hardware.disks.map((disk) => ({
    ...disk,
    file: names.get(disk.file) ?? disk.file,
  }));
  return { ...definition, hardware: { ...hardware, disks } };
}

/** What a layer, as its record names it, lies on; null: nothing, or nothing that the record knows. */
export function parentOf({ files }: Layers, file: string): Layer | null {
  const parent = files.find((layer) => layer.file === file)?.parent ?? null;
  return files.find((layer) => layer.file === parent) ?? null;
}
