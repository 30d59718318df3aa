/**
 * What a linked clone stands on (docs/rfd/0019): the files that the disks of a machine are on, now or at a snapshot.
 * Where they are still written the disks of the machine go on in new layers, so that nothing below changes any more.
 */
import { basename } from 'node:path';
import { placeName, type Disk, type VmDefinition } from '#api';
import { assert, Fault } from '#lib';
import type { Hands } from '../hands.ts';
import type { MachineFile } from '../record.ts';
import { changeLayers } from './change-layers.ts';
import { judgeChain } from './check-layers.ts';
import {
  chainFrom,
  noLayers,
  putOnTop,
  topOf,
  type Layers,
  type SealedTop,
  type SnapshotRecord,
} from './layers.ts';
import { layerSuffix, nameTops } from './name-tops.ts';
import { liesElsewhere, markShared } from './shared-layers.ts';
import { requireSnapshot } from './snapshots.ts';

/** A disk of the source and the file that its clone is to lie on. */
interface Base {
  readonly disk: Disk;
  readonly file: string;
}

/**
 * Makes the files of a linked clone, whose folder is there and whose disks are named as those of its source. Errors:
 * as `shareDisks`; those of the storage.
 */
export async function linkClone(
  hands: Hands,
  fresh: MachineFile,
  snapshotId: string | null,
): Promise<MachineFile> {
  const { layers: storage } = hands.host.driver.storage;
  const snapshot = snapshotId === null ? undefined : requireSnapshot(hands.file, snapshotId);
  const shared = await shareDisks(hands, snapshot);
  for (const layer of shared.files.filter((one) => !liesElsewhere(one))) {
    // What has two names is the agent's, and nobody writes it.
    if (layer.borrowed) await storage.protect(hands.file, layer.file);
    await storage.linkFrom(hands.file, fresh, layer.file);
  }
  const tops: SealedTop[] = [];
  for (const top of nameTops(shared, fresh.definition.hardware.disks, layerSuffix)) {
    await storage.make(fresh, top.layer, top.on);
    const seal = shared.files.find(({ file }) => file === top.on.file)?.seal;
    assert(seal, 'what is shared has a seal');
    tops.push({ ...top, seal });
  }
  await storage.copyState(hands.file, snapshot?.state ?? null, fresh);
  const layers = putOnTop(shared, tops);
  await storage.write(fresh, layers);
  return { ...fresh, layers };
}

/**
 * Answers the layers of a clone that has none of its own yet: on top of each disk is a file that is shared. From then
 * on the machine writes none of them. Errors: `refused` naming the disk, or the file below it that was changed.
 */
async function shareDisks(hands: Hands, snapshot: SnapshotRecord | undefined): Promise<Layers> {
  const { definition, layers: before } = hands.file;
  const bases =
    snapshot === undefined ? await presentBases(hands) : snapshotBases(snapshot, definition.name);
  for (const base of bases) await requireUsable(hands, base);
  const written = bases.filter(({ disk, file }) => topOf(before, disk).file === file);
  const tops =
    snapshot === undefined
      ? nameTops(
          before,
          written.map(({ disk }) => disk),
          layerSuffix,
        )
      : [];
  await changeLayers(hands, tops, (now, additions) => {
    const layers = putOnTop(now, additions);
    return { layers: markShared(layers, filesBelow(layers, bases)) };
  });
  const { layers } = hands.file;
  const shared = filesBelow(layers, bases);
  return {
    ...noLayers,
    files: layers.files.filter(({ file }) => shared.has(file)),
    tops: bases.map(({ disk, file }) => ({ disk: disk.file, top: file })),
  };
}

/** A layer that nothing was written into since the last clone needs no other one above it. */
async function presentBases({ file, host }: Hands): Promise<Base[]> {
  const { definition, layers, state } = file;
  const { name } = definition;
  if (state !== 'off')
    throw new Fault(
      'refused',
      `${name} is ${state}, and only disks that nobody writes are shared`,
      {
        hint: 'shut it down first, or clone it from one of its snapshots',
      },
    );
  if (layers.undo !== null)
    throw new Fault('refused', `${name} has undo disks`, {
      hint: 'commit or discard them first',
    });
  const bases: Base[] = [];
  for (const disk of linkableDisks(definition)) {
    const top = topOf(layers, disk).file;
    const parent = layers.files.find((layer) => layer.file === top)?.parent ?? null;
    const isBlank = parent !== null && (await host.driver.storage.layers.isBlank(file, top));
    bases.push({ disk, file: isBlank ? parent : top });
  }
  return bases;
}

function snapshotBases({ name, disks, definition }: SnapshotRecord, vm: string): Base[] {
  return linkableDisks(definition).map((disk) => {
    const file = disks.find((one) => one.disk === disk.file)?.file;
    if (file !== undefined) return { disk, file };
    const message = `the snapshot ${name} of ${vm} does not have the disk ${placeName(disk)}`;
    throw new Fault('refused', message, {
      hint: 'it was left out when the snapshot was taken: choose another snapshot',
    });
  });
}

/** Errors: `refused` naming a disk that several vms have already, or that is never written. */
function linkableDisks({ name, hardware }: VmDefinition): readonly Disk[] {
  const other = hardware.disks.find(
    (disk) => disk.shared || disk.readOnly || disk.kind !== undefined,
  );
  if (other === undefined) return hardware.disks;
  const why = other.readOnly ? 'read-only' : other.shared ? 'shared' : 'a drive of the host';
  throw new Fault('refused', `the disk ${placeName(other)} of ${name} is ${why}`, {
    hint: 'detach it and attach it again afterwards, or make a full clone',
  });
}

async function requireUsable({ file, host }: Hands, { disk, file: base }: Base): Promise<void> {
  const place = placeName(disk);
  if (basename(disk.file) !== disk.file)
    throw new Fault('refused', `the disk ${place} lies outside of the folder of its vm`, {
      hint: `move it there first, with: gantry vm move-disk ${file.definition.name} ${place}`,
    });
  await host.driver.storage.layers.requireAlone(file, disk);
  const chain = chainFrom(file.layers, base);
  const [changed] = await judgeChain(host.driver.storage, file, place, chain);
  if (changed !== undefined) throw new Fault('refused', changed.text, { hint: changed.remedy });
}

/** The files of the bases and all that lies below them. */
function filesBelow(layers: Layers, bases: readonly Base[]): ReadonlySet<string> {
  return new Set(bases.flatMap(({ file }) => chainFrom(layers, file).map((layer) => layer.file)));
}
