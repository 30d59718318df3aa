/**
 * A differencing disk over a disk of a machine, which has it in its place from then on (DISK-28); the parent becomes
 * read-only and stays as it is. Where QEMU opens the disk, its parents stand among the layers; where it is served, the file
 * itself names its parent and the disk library knows it.
 *
 * Cut off anywhere the machine has the one or the other: the record names the child only when its file is whole.
 */
import { isNative, placeName, type Disk, type LinkParams, type LinkResult } from '#api';
import { Fault } from '#lib';
import type { Hands } from '../hands.ts';
import type { MachineFile } from '../record.ts';
import { changeLayers } from './change-layers.ts';
import { chainFrom, putOnTop, type Layers } from './layers.ts';
import { nameTops } from './name-tops.ts';
import { requireSameChains, takeParents } from './take-parents.ts';

type Pair = Pick<LinkParams<'machine.disk.put-child'>, 'parent' | 'child'>;

/** Errors: `refused` with the reason; `exists` for another file of its name. */
export async function putChild(
  hands: Hands,
  pair: Pair,
): Promise<LinkResult<'machine.disk.put-child'>> {
  const { storage, name } = hands.host.driver;
  if (!storage.describeDisk) throw new Fault('unsupported', `a ${name} host has no disk files`);
  if (!hasDisk(hands.file, pair.child)) {
    await requireFree(hands, pair);
    if (isNative(pair.parent)) await putLayer(hands, pair);
    else await putServed(hands, pair);
    await storage.writeDefinition(hands.file);
  }
  // An agent that was killed may have left it writable.
  await storage.layers.protect(hands.file, pair.parent.file);
  return await storage.describeDisk(hands.file, pair.child);
}

async function putLayer(hands: Hands, { parent, child }: Pair): Promise<void> {
  const [top] = nameTops(hands.file.layers, [parent], 'child');
  if (top === undefined) return;
  await changeLayers(hands, [{ ...top, layer: child.file }], (now, additions) => {
    const layers = putOnTop(now, additions);
    const tops = layers.tops.filter(({ disk }) => disk !== parent.file);
    return {
      layers: { ...layers, tops: [...tops, { disk: child.file, top: child.file }] },
      definition: withDisk(hands.file, parent, child),
    };
  });
}

async function putServed(hands: Hands, { parent, child }: Pair): Promise<void> {
  const { storage } = hands.host.driver;
  await requireSameChains(hands.host, hands.file);
  await storage.makeChild?.(hands.file, parent, child, hands.signal);
  const definition = withDisk(hands.file, parent, child);
  const { disks } = hands.file.definition.hardware;
  const { layers } = await takeParents(hands.host, { ...hands.file, definition }, disks);
  hands.set({ definition, layers });
  await hands.persist();
}

/** Nobody has written into the child. */
export async function dropChild(hands: Hands, { parent, child }: Pair): Promise<void> {
  const { storage } = hands.host.driver;
  if (hasDisk(hands.file, child)) {
    requireOff(hands.file);
    const definition = withDisk(hands.file, child, parent);
    const served = isNative(child) ? undefined : await withoutServedChild(hands, definition);
    await changeLayers(hands, [], (now) => ({
      definition,
      layers: served ?? withoutChild(now, parent, child),
    }));
    await storage.writeDefinition(hands.file);
  }
  if (isNative(child)) return;
  await storage.layers.remove(hands.file, child.file);
  await storage.layers.unprotect(hands.file, parent.file, 0o200);
}

async function withoutServedChild(
  { host, file }: Hands,
  definition: MachineFile['definition'],
): Promise<Layers> {
  const { layers } = await takeParents(
    host,
    { ...file, definition },
    file.definition.hardware.disks,
  );
  return layers;
}

/** The parent is what the machine writes again; where it lies on others, it is a differencing disk itself. */
function withoutChild(now: Layers, parent: Disk, child: Disk): Layers {
  const isChild = chainFrom(now, parent.file).length > 1;
  const tops = now.tops.filter(({ disk }) => disk !== child.file);
  const files = now.files.filter(({ file }) => file !== child.file);
  return {
    ...now,
    tops: isChild ? [...tops, { disk: parent.file, top: parent.file }] : tops,
    files: files
      .filter(({ file }) => isChild || file !== parent.file)
      .map((layer) => (layer.file === parent.file ? { ...layer, seal: null } : layer)),
  };
}

function hasDisk({ definition }: MachineFile, { file }: Disk): boolean {
  return definition.hardware.disks.some((disk) => disk.file === file);
}

function withDisk(
  { definition }: MachineFile,
  before: Disk,
  after: Disk,
): MachineFile['definition'] {
  const disks = definition.hardware.disks.map((disk) => (disk.file === before.file ? after : disk));
  return { ...definition, hardware: { ...definition.hardware, disks } };
}

function requireOff({ definition: { name }, state, layers }: MachineFile): void {
  if (state !== 'off')
    throw new Fault('refused', `${name} is ${state}, and its disk changes only while it is off`, {
      hint: 'shut it down first',
    });
  if (layers.undo !== null)
    throw new Fault('refused', `${name} has undo disks`, { hint: 'commit or discard them first' });
}

async function requireFree({ file, host }: Hands, { parent, child }: Pair): Promise<void> {
  requireOff(file);
  const { definition, layers } = file;
  const what = `the disk ${placeName(parent)} of ${definition.name}`;
  if (!hasDisk(file, parent))
    throw new Fault('not-found', `${definition.name} has no ${parent.file}`);
  const top = layers.tops.find(({ disk }) => disk === parent.file)?.top ?? parent.file;
  const isKept = layers.snapshots.some(({ disks }) =>
    disks.some(({ disk }) => disk === parent.file),
  );
  if (top !== parent.file || isKept)
    throw new Fault('refused', `layers lie on ${what} already`, {
      hint: 'delete its snapshots first, and flatten linked clones',
    });
  const other =
    parent.kind ?? (parent.shared ? 'shared' : parent.readOnly ? 'read-only' : undefined);
  if (other !== undefined)
    throw new Fault('refused', `${what} is ${other}, and a child of it would be written`);
  const format = isNative(parent) ? 'qcow2' : parent.format;
  if (child.format !== format)
    throw new Fault('refused', `a child of ${what} is in ${format}, not in ${child.format}`, {
      hint: `make it in ${format}`,
    });
  const user = await host.driver.storage.layers.findUser(
    file,
    parent.file,
    host.others(definition.id),
  );
  if (user !== undefined)
    throw new Fault('refused', `${user} uses ${parent.file} too`, {
      hint: `detach it from ${user} first`,
    });
}
