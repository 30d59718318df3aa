/**
 * Disks of a vm of another product as they are made here, and what its undo disks and snapshots become (CMP-17, CMP-25):
 * a chain of theirs is taken over as one disk, or as snapshots of the vm, each filled with what theirs held.
 */
import { randomUUID } from 'node:crypto';
import {
  nameSchema,
  type DiskFormat,
  type DiskSource,
  type ForeignMachine,
  type VmImport,
} from '#api';
import { formatBytes } from '#lib';
import type { ImportNotes } from './import-notes.ts';

/** What a disk of the vm, named as its definition does, is to hold. */
export interface Fill {
  readonly disk: string;
  readonly sourcePath: string;
  readonly sourceFormat: string;
}

/** Empty where disks are made as they are to be. */
export interface ImportedLayers {
  /** In the order in which they are taken: parents first. */
  readonly snapshots: readonly {
    readonly id: string;
    /** Null: nothing is gone back to before. */
    readonly parent: string | null;
    readonly name: string;
    readonly description: string;
    readonly fills: readonly Fill[];
  }[];
  /** The snapshot that the present goes on from. */
  readonly current: string | null;
  /** What the disks hold at the end. */
  readonly present: readonly Fill[];
}

const noLayers: ImportedLayers = { snapshots: [], current: null, present: [] };

interface Placed {
  readonly disk: ForeignMachine['disks'][number];
  readonly file: string;
}

interface Made {
  readonly sources: readonly DiskSource[];
  readonly layers: ImportedLayers;
}

type Choices = Pick<VmImport, 'undo' | 'snapshots' | 'savedState'>;

export function importLayers(
  placed: readonly Placed[],
  format: DiskFormat,
  foreign: ForeignMachine,
  choices: Choices,
  notes: ImportNotes,
): Made {
  judgeSavedState(foreign, choices, notes);
  const undo = placed.filter(({ disk }) => disk.undo !== null);
  if (undo.length > 0) return importUndo(placed, undo, format, choices, notes);
  const { snapshots } = foreign;
  if (snapshots.length === 0) return { sources: sourcesOf(placed, format), layers: noLayers };
  if (choices.snapshots === 'import') return importSnapshots(placed, format, foreign, notes);
  const names = snapshots.map(({ name }) => name).join(', ');
  notes.dropped(
    `snapshots ${names}`,
    'the disks are flattened: only their present state is taken',
    'take them over with: --snapshots import',
  );
  return { sources: sourcesOf(placed, format), layers: noLayers };
}

function judgeSavedState(
  { savedStates }: ForeignMachine,
  { savedState }: Choices,
  notes: ImportNotes,
): void {
  for (const { file, sizeBytes } of savedStates) {
    const what = `saved state ${file}, ${formatBytes(sizeBytes)}`;
    const why = 'a saved state fits no other product and is never restored';
    if (savedState === 'discard')
      notes.dropped(what, `${why}; it is left where it is`, 'resume and shut the vm down there');
    else
      notes.block({
        code: 'saved-state',
        text: `${what}: ${why}`,
        remedy: 'resume and shut the vm down there, or import without it: --saved-state discard',
      });
  }
}

function importUndo(
  placed: readonly Placed[],
  undo: readonly Placed[],
  format: DiskFormat,
  choices: Choices,
  notes: ImportNotes,
): Made {
  const list = undo
    .map(({ disk }) => `${disk.undo?.path}, ${formatBytes(disk.undo?.fileBytes ?? 0)}`)
    .join('; ');
  const changed = placed.map(({ disk, ...rest }) => ({
    ...rest,
    disk: disk.undo === null ? disk : { ...disk, ...disk.undo },
  }));
  switch (choices.undo) {
    case undefined:
      notes.block({
        code: 'undo-disks',
        text: `undo disks hold changes: ${list}`,
        remedy:
          'choose: --undo commit (take them over), discard (leave them out) or snapshot (take them over above a snapshot without them)',
      });
      return { sources: sourcesOf(placed, format), layers: noLayers };
    case 'commit':
      notes.changed('undo disks', list, 'their changes are part of the disks');
      return { sources: sourcesOf(changed, format), layers: noLayers };
    case 'discard':
      notes.dropped(
        `undo disks ${list}`,
        'their changes are left out',
        'import with --undo commit',
      );
      return { sources: sourcesOf(placed, format), layers: noLayers };
    case 'snapshot': {
      const id = randomUUID();
      const name = 'before the undo disks';
      notes.changed('undo disks', list, `their changes are above the snapshot "${name}"`);
      const description = 'the disks as they were without the undo disks of the other product';
      return {
        sources: sourcesOf(placed, format),
        layers: {
          snapshots: [{ id, parent: null, name, description, fills: [] }],
          current: id,
          present: changed.filter(({ disk }) => disk.undo !== null).map(fillOf),
        },
      };
    }
  }
}

/** The disks begin with what the first of the snapshots held of each. */
function importSnapshots(
  placed: readonly Placed[],
  format: DiskFormat,
  { snapshots, currentSnapshot }: ForeignMachine,
  notes: ImportNotes,
): Made {
  const ids = new Map(snapshots.map(({ uid }) => [uid, randomUUID() as string]));
  const taken = new Set<string>();
  const heldBy = (held: ForeignMachine['snapshots'][number]['disks']): readonly Fill[] =>
    placed.flatMap(({ disk, file }) => {
      const its = held.find((one) => placeOf(one) === placeOf(disk));
      return its === undefined
        ? []
        : [{ disk: file, sourcePath: its.path, sourceFormat: its.format }];
    });
  const first = placed.map((one) => {
    const [its] = snapshots.flatMap(({ disks }) =>
      disks.filter((held) => placeOf(held) === placeOf(one.disk)),
    );
    return its === undefined
      ? one
      : { ...one, disk: { ...one.disk, path: its.path, format: its.format } };
  });
  return {
    sources: sourcesOf(first, format),
    layers: {
      snapshots: snapshots.map((snapshot) => {
        const name = freeSnapshotName(snapshot.name, taken);
        if (name === snapshot.name) notes.carried('snapshot', name);
        else notes.changed('snapshot', snapshot.name, `it is called ${name}`);
        const when = snapshot.takenAt === null ? '' : `taken there at ${snapshot.takenAt}`;
        return {
          id: ids.get(snapshot.uid) ?? randomUUID(),
          parent: ids.get(snapshot.parent ?? '') ?? null,
          name,
          description: [snapshot.description, when].filter((text) => text !== '').join('\n'),
          fills: heldBy(snapshot.disks),
        };
      }),
      current: ids.get(currentSnapshot ?? '') ?? null,
      present: placed.map(fillOf),
    },
  };
}

function placeOf(at: {
  readonly bus: string;
  readonly controller: number;
  readonly position: number;
}): string {
  return `${at.bus}${at.controller}:${at.position}`;
}

function fillOf({ disk, file }: Placed): Fill {
  return { disk: file, sourcePath: disk.path, sourceFormat: disk.format };
}

function sourcesOf(placed: readonly Placed[], format: DiskFormat): DiskSource[] {
  return placed.map(({ disk, file }) => ({
    kind: 'foreign' as const,
    file,
    format,
    sizeBytes: disk.sizeBytes,
    sourcePath: disk.path,
    sourceFormat: disk.format,
    ...(disk.digest === undefined ? {} : { digest: disk.digest }),
  }));
}

/** Other products allow names that are none here, and one name twice. */
function freeSnapshotName(given: string, taken: Set<string>): string {
  const plain = given
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N} ._+()-]/gu, '-')
    .replace(/^[.\s-]+/, '')
    .slice(0, 40)
    .trim();
  const base = nameSchema.safeParse(plain).data ?? 'snapshot';
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base} ${number}`;
  taken.add(name);
  return name;
}
