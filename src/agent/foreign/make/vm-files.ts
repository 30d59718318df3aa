/**
 * Files of a vm on its hypervisor: its disks and what its snapshots stand on. With the vm go those in storage pools that no
 * other vm there names and that nothing else stands on.
 */
import type { Hardware } from '#api';
import type { Client } from '#libvirt';
import type { ForeignMachines } from '../machines.ts';
import { filesOfAll, filesOfOthers, LayerFiles, readLayered } from '../snapshots/layer-files.ts';

export interface OwnFile {
  readonly path: string;
  readonly role: 'disk' | 'snapshot';
  /** That it takes. */
  readonly sizeBytes: number;
  /** That it may come to take; null for one that nobody writes to any more. */
  readonly maxBytes: number | null;
  /** That it stands on; null: none. */
  readonly parent: string | null;
  /** Null where it goes. */
  readonly keptBecause: string | null;
}

export interface FilesQuestion {
  readonly client: Client;
  readonly machines: ForeignMachines;
  readonly id: string;
  /** Files that are not to go. */
  readonly keep: readonly string[];
}

/** What stands on another one comes before it. Errors: those of the client. */
export async function judgeFiles(
  { client, machines, id, keep }: FilesQuestion,
  signal: AbortSignal,
): Promise<readonly OwnFile[]> {
  const { disks } = machines.definition(id).hardware;
  const known = new Map(disks.map((disk) => [disk.file, disk]));
  const vm = await readLayered(client, machines, id, signal);
  const named = new Set([...known.keys(), ...filesOfAll(vm)]);
  const shelf = await LayerFiles.look(client, named, signal);
  const all = new Set([...named].flatMap((file) => [file, ...shelf.madeFor(file)]));
  const others = filesOfOthers(machines, id);
  const going = new Set<string>();
  const why = (file: string): string | null => {
    const disk: Hardware['disks'][number] | undefined = known.get(file);
    if (disk?.readOnly === true) return 'it is only read';
    if (!shelf.has(file)) return 'no storage pool has it';
    if (keep.includes(file) || others.has(file)) return 'another vm has it';
    const child = shelf.children(file).find((one) => !going.has(one));
    return child === undefined ? null : `${child} stands on it`;
  };
  const depth = (file: string): number => shelf.chain(file).length;
  return [...all]
    .filter((file) => known.has(file) || shelf.has(file))
    .toSorted((one, other) => depth(other) - depth(one))
    .map((path): OwnFile => {
      const keptBecause = why(path);
      if (keptBecause === null) going.add(path);
      const disk = known.get(path);
      return {
        path,
        role: disk === undefined ? 'snapshot' : 'disk',
        sizeBytes: shelf.fileBytes(path),
        maxBytes: disk?.sizeBytes ?? null,
        parent: shelf.chain(path)[1] ?? null,
        keptBecause,
      };
    });
}
