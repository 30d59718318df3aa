/**
 * A disk of a vm made larger on its hypervisor: of one that runs by its QEMU, which tells the guest (virDomainBlockResize); of one that is off
 * where the volume is (virStorageVolResize).
 *
 * Invariant: none becomes smaller, since what is beyond the end would be lost: its size is asked for right before.
 */
import { placeName, vmStateFacts, type Disk, type LinkParams, type LinkResult } from '#api';
import { readXml } from '#foreign';
import { Fault, formatBytes } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import type { MakeTools } from '../make/make-verbs.ts';
import { Volumes } from '../make/volumes.ts';
import { filesOfOthers, LayerFiles, readLayered } from '../snapshots/layer-files.ts';
import { filesOf } from '../snapshots/snapshot-xml.ts';
import { readLive } from './persist.ts';

/** virDomainBlockResizeFlags: not kibibytes. */
const inBytes = 1;

/** Asked for again it is so already. Errors: `not-found`; `refused`; `unsupported` for one that no pool has; the hypervisor's own. */
export async function resizeDisk(
  { client, machines, look, read }: MakeTools,
  { id, generation, cause, place, sizeBytes }: LinkParams<'machine.disk.resize'>,
  signal: AbortSignal,
): Promise<LinkResult<'machine.disk.resize'>> {
  await look();
  const { handle: dom, state } = machines.find(id);
  const disk = machines.definition(id).hardware.disks.find((one) => placeName(one) === place);
  if (disk === undefined) throw new Fault('not-found', `${dom.name} has no disk at ${place}`);
  using _act = machines.enter(id, generation, { state: undefined, cause });
  try {
    const { snapshots } = await readLayered(client, machines, id, signal);
    const what = `the disk ${place} of ${dom.name}`;
    const why = whyNot(disk, filesOfOthers(machines, id), snapshots.length > 0, state === 'saved');
    if (why !== undefined)
      throw new Fault('refused', `${what} cannot be made larger: ${why.text}`, { hint: why.hint });
    const { live } = vmStateFacts[state];
    if (live) await enlargeLive(client, dom, disk, { what, sizeBytes }, signal);
    else await enlargeVolume(client, disk, { what, sizeBytes }, signal);
    return { live };
  } finally {
    await read(dom.uuid).catch(() => undefined);
  }
}

function whyNot(
  disk: Disk,
  others: ReadonlySet<string>,
  hasSnapshots: boolean,
  isSaved: boolean,
): { readonly text: string; readonly hint: string } | undefined {
  if (disk.kind !== undefined)
    return { text: 'it is a drive of the host', hint: 'a drive has the size that it has' };
  if (disk.shared || disk.readOnly)
    return {
      text: disk.shared ? 'it is shared with other vms' : 'it is read-only',
      hint: 'detach it and resize its file with: gantry host resize-disk',
    };
  if (others.has(disk.file))
    return { text: 'another vm has its file, too', hint: 'detach it from that one first' };
  if (hasSnapshots)
    return { text: 'snapshots stand on its file', hint: 'delete the snapshots first' };
  if (isSaved)
    return { text: 'the vm is saved', hint: 'restore it, or discard its saved state, first' };
  return undefined;
}

interface Wanted {
  readonly what: string;
  readonly sizeBytes: number;
}

async function enlargeLive(
  client: Client,
  dom: DomainHandle,
  { file }: Disk,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<void> {
  const files = filesOf(readXml(await readLive(client, dom, signal)));
  const [device] = [...files].find(([, one]) => one.file === file) ?? [];
  if (device === undefined)
    throw new Fault('stale', `${file} is no disk of ${dom.name} any more`, {
      hint: 'look at the disks of the vm again',
    });
  const args = { dom, path: device, flags: 0 };
  const { capacity } = await client.call('DOMAIN_GET_BLOCK_INFO', args, { signal });
  if (!isMore(Number(capacity), wanted)) return;
  const resize = { dom, disk: device, size: BigInt(wanted.sizeBytes), flags: inBytes };
  await client.call('DOMAIN_BLOCK_RESIZE', resize, { signal });
}

async function enlargeVolume(
  client: Client,
  { file }: Disk,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<void> {
  const shelf = await LayerFiles.look(client, new Set([file]), signal);
  shelf.require(new Set([file]));
  const [child] = shelf.children(file);
  if (child !== undefined)
    throw new Fault('refused', `${wanted.what} cannot be made larger: ${child} stands on it`, {
      hint: 'flatten the linked clone first, or start the vm',
    });
  if (!isMore(shelf.sizeBytes(file), wanted)) return;
  await new Volumes(client).enlarge(file, wanted.sizeBytes, signal);
}

/** Errors: `refused` for less than it has. */
function isMore(hasBytes: number, { what, sizeBytes }: Wanted): boolean {
  if (sizeBytes >= hasBytes) return sizeBytes > hasBytes;
  throw new Fault(
    'refused',
    `${what} has ${formatBytes(hasBytes)}, and disks of vms only become larger`,
    { hint: 'detach it, and copy what is in it onto a smaller one' },
  );
}
