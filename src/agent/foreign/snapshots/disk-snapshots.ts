/**
 * Snapshots whose disks go on in files of their own, which is what a hypervisor can take of a vm that runs without its
 * memory, and of disks that hold no snapshots in themselves.
 *
 *   take     libvirt puts a file above each disk; the one below stays as it was
 *   revert   other files above those of the snapshot; then the vm is defined as it was, on them; what nothing needs goes
 *   delete   libvirt writes the file above into the one below, but only where nothing else stands on that one; where that does
 *            not come to its end, or others stand on it, only the record goes
 *
 * Invariants: (1) a vm has either these or those that are in its disks, since going back to one of those changes files that
 * these stand on; (2) whatever ends in between, the vm is as before or on new files, and what is left goes with the
 * next revert.
 */
import { isDeepStrictEqual } from 'node:util';
import { placeName, vmStateFacts, type LinkParams } from '#api';
import { attributeOf, escapeXml, find, findAll, readXml, type XmlNode } from '#foreign';
import { Fault, isFault } from '#lib';
import { libvirtFacts, type Client, type SnapshotHandle } from '#libvirt';
import { define } from '../edit/persist.ts';
import { placeOf } from '../hardware/places.ts';
import { snapshotIdOf } from '../identity.ts';
import type { ForeignMachines } from '../machines.ts';
import {
  filesOfAll,
  filesOfOthers,
  LayerFiles,
  readLayered,
  type LayeredVm,
  type TakenSnapshot,
} from './layer-files.ts';
import { domainAtSnapshot, withOverlays, type DiskFile } from './snapshot-xml.ts';

/** virDomainSnapshotCreateFlags. */
const redefine = 1;
const current = 2;
const diskOnly = 16;
const quiesced = 64;
const allOrNothing = 128;
/** virDomainSnapshotDeleteFlags. */
const recordOnly = 2;

export interface LayerTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
}

type Asked = LinkParams<'machine.snapshot.take'>['snapshot'];

/** What libvirt is asked to take. */
export interface Taking {
  readonly xml: string;
  readonly flags: number;
}

/** Errors: `refused`, `unsupported` for what cannot be taken, or could not be gone back to. */
export async function planTaking(
  { client, machines }: LayerTools,
  id: string,
  asked: Asked,
  signal: AbortSignal,
): Promise<Taking> {
  const vm = await readLayered(client, machines, id, signal);
  const { state, handle } = machines.find(id);
  const live = vmStateFacts[state].live;
  const inDisks = vm.snapshots.some(({ parts }) => parts.inDisks);
  const inFiles = vm.snapshots.some(({ parts }) => parts.overlays.size > 0);
  const disks = disksOf(vm, asked.exclude);
  const plain = disks.some(({ format }) => format !== 'qcow2');
  const own = live ? !asked.memory : inFiles || plain || asked.exclude.length > 0;
  const head = `<name>${escapeXml(asked.name)}</name><description>${escapeXml(asked.description)}</description>`;
  if (live && !asked.memory && disks.length === 0)
    throw new Fault('unsupported', `${handle.name} has no disk that a snapshot would be of`, {
      hint: 'take it with memory, or while the vm is off',
    });
  if (!own || disks.length === 0) {
    if (inFiles)
      throw new Fault(
        'unsupported',
        `disks of ${handle.name} are in files above its snapshots, where memory is not kept`,
        { hint: 'take it without memory, or delete the other snapshots first' },
      );
    if (asked.exclude.length > 0)
      throw new Fault('unsupported', 'a snapshot with memory is of all disks', {
        hint: 'take it without memory',
      });
    return { xml: `<domainsnapshot>${head}</domainsnapshot>`, flags: 0 };
  }
  if (inDisks)
    throw new Fault(
      'unsupported',
      `snapshots of ${handle.name} are in its disks, and one without memory would be above them`,
      {
        hint: live
          ? 'take it with memory, or while the vm is off, or delete the others first'
          : 'delete the others first',
      },
    );
  const used = new Set([...filesOfAll(vm), ...filesOfOthers(machines, id)]);
  const tops = new Set(disks.map(({ file }) => file));
  const files = await LayerFiles.look(client, tops, signal);
  files.require(tops);
  const snapshotId = snapshotIdOf(id, asked.name);
  const elements: string[] = [];
  for (const { target, file } of disks) {
    const path = await files.free(file, snapshotId, used, signal);
    elements.push(
      `<disk name='${escapeXml(target)}' snapshot='external'><driver type='qcow2'/><source file='${escapeXml(path)}'/></disk>`,
    );
  }
  const taken = new Set(disks.map(({ target }) => target));
  for (const target of vm.files.keys())
    if (!taken.has(target)) elements.push(`<disk name='${escapeXml(target)}' snapshot='no'/>`);
  return {
    xml: `<domainsnapshot>${head}<memory snapshot='no'/><disks>${elements.join('')}</disks></domainsnapshot>`,
    flags: diskOnly | allOrNothing | (live && asked.quiesce ? quiesced : 0),
  };
}

interface SnappedDisk extends DiskFile {
  readonly target: string;
}

/** Those that a snapshot is of. Errors: `refused` for a shared one that is not left out; `unsupported` for what is no file. */
function disksOf({ defined, dom }: LayeredVm, exclude: readonly string[]): SnappedDisk[] {
  const disks: SnappedDisk[] = [];
  for (const disk of findAll(find(readXml(defined), 'devices'), 'disk')) {
    if ((attributeOf(disk, 'device') ?? 'disk') !== 'disk') continue;
    const target = attributeOf(find(disk, 'target'), 'dev') ?? '';
    const place = nameOf(disk) ?? target;
    if (find(disk, 'readonly') !== undefined) continue;
    if (find(disk, 'shareable') !== undefined || exclude.includes(place)) {
      if (!exclude.includes(place))
        throw new Fault('refused', `the disk ${place} of ${dom.name} is shared`, {
          hint: `leave it out: --exclude ${place}; what it holds is then not taken back`,
        });
      continue;
    }
    const file = attributeOf(find(disk, 'source'), 'file');
    if (file === undefined)
      throw new Fault('unsupported', `the disk ${place} of ${dom.name} is no file`, {
        hint: `leave it out: --exclude ${place}; what it holds is then not taken back`,
      });
    disks.push({ target, file, format: attributeOf(find(disk, 'driver'), 'type') ?? 'raw' });
  }
  return disks;
}

function nameOf(disk: XmlNode): string | undefined {
  const place = placeOf(disk);
  return place === undefined ? undefined : placeName(place);
}

/** Whether it is a snapshot of this kind. */
export function isLayered({ parts }: TakenSnapshot): boolean {
  return parts.overlays.size > 0 && !parts.inDisks;
}

export interface LayeredSnapshot {
  readonly id: string;
  readonly vm: LayeredVm;
  readonly snapshot: TakenSnapshot;
}

/** The vm is off, and is defined as it was then, on new files. Errors: `not-found` for a file that is gone. */
export async function revertToLayer(
  { client, machines }: LayerTools,
  { id, vm, snapshot }: LayeredSnapshot,
  signal: AbortSignal,
): Promise<void> {
  const { parts } = snapshot;
  const all = filesOfAll(vm);
  const others = filesOfOthers(machines, id);
  const shelf = await LayerFiles.look(client, all, signal);
  shelf.require(
    new Set([...parts.overlays.keys()].map((target) => parts.files.get(target)?.file ?? target)),
  );
  const used = new Set([...all, ...others]);
  // Disks that it is not of stay as they are now.
  const files = new Map(vm.files);
  const overlays = new Map<string, string>();
  for (const [target, below] of parts.files) {
    if (!parts.overlays.has(target)) continue;
    const path = await shelf.free(below.file, snapshot.id, used, signal);
    await shelf.create(path, below, signal);
    files.set(target, { file: path, format: 'qcow2' });
    overlays.set(target, path);
  }
  if (!isDeepStrictEqual([...overlays.keys()].toSorted(), [...parts.overlays.keys()].toSorted()))
    throw new Fault('unsupported', 'the snapshot does not say which files its disks had');
  await define(client, domainAtSnapshot(snapshot.xml, files), signal);
  const xml = withOverlays(snapshot.xml, overlays);
  const args = { dom: vm.dom, xml_desc: xml, flags: redefine | current };
  await client.call('DOMAIN_SNAPSHOT_CREATE_XML', args, { signal });
  const before = [...vm.files.values()].map(({ file }) => file);
  const after = await readLayered(client, machines, id, signal);
  const left = [...before, ...parts.overlays.values()];
  const now = await LayerFiles.look(client, filesOfAll(after), signal);
  await now.removeUnused(left, new Set([...filesOfAll(after), ...others]), signal);
}

/** All others stay as they are. Errors: the hypervisor's own. */
export async function deleteLayer(
  { client, machines }: LayerTools,
  { id, vm, snapshot }: LayeredSnapshot,
  snap: SnapshotHandle,
  signal: AbortSignal,
): Promise<void> {
  const { parts } = snapshot;
  const shelf = await LayerFiles.look(client, filesOfAll(vm), signal);
  shelf.require(new Set(parts.overlays.values()));
  const others = filesOfOthers(machines, id);
  const chains = new Set([...vm.files.values()].flatMap(({ file }) => shelf.chain(file)));
  const isAlone = [...parts.overlays].every(([target, overlay]) => {
    const below = parts.files.get(target)?.file;
    if (below === undefined || others.has(below) || !chains.has(overlay)) return false;
    return isDeepStrictEqual(shelf.children(below), [overlay]);
  });
  if (isAlone && shelf.complete) {
    await merge(client, snap, signal);
    return;
  }
  await client.call('DOMAIN_SNAPSHOT_DELETE', { snap, flags: recordOnly }, { signal });
  const left = { ...vm, snapshots: vm.snapshots.filter((one) => one !== snapshot) };
  const used = new Set([...filesOfAll(left), ...others]);
  await shelf.removeUnused(
    [...parts.files.values()].map(({ file }) => file),
    used,
    signal,
  );
}

/**
 * What came after the snapshot is written into its files. Where that ends before its time, as with the vm's QEMU, they show the
 * vm what they did before, but not the snapshot any more: so its record goes all the same, and the vm stays on both files.
 */
async function merge(client: Client, snap: SnapshotHandle, signal: AbortSignal): Promise<void> {
  let flags = 0;
  for (;;)
    try {
      await client.call('DOMAIN_SNAPSHOT_DELETE', { snap, flags }, { signal });
      return;
    } catch (error) {
      signal.throwIfAborted();
      // A call that was cut off has done it.
      if (isFault(error, 'not-found')) return;
      // Half a minute: something else is being done with the vm there, as by such a call.
      if (isFault(error) && libvirtFacts(error)?.name === 'OPERATION_TIMEOUT') continue;
      if (flags === recordOnly) throw error;
      flags = recordOnly;
    }
}
