/**
 * Volumes of a hypervisor as they are, on their way to another computer: libvirt's own stream, over a connection of its own, since
 * streams of one connection hold each other back. Zeros that are nowhere on the disk do not come from there (sparse streams).
 *
 * Invariant: what changes meanwhile is never sent to its end. libvirt holds no volume while it is read.
 */
import { createHash } from 'node:crypto';
import { placeName, vmStateFacts, type FileSource, type LinkParams, type LinkResult } from '#api';
import { find, readXml, textOf } from '#foreign';
import { abortReason, Fault } from '#lib';
import type { Client, StorageVolHandle } from '#libvirt';
import { parentPath, readVolume, type Volume } from '../make/list-volumes.ts';
import { Volumes } from '../make/volumes.ts';
import type { ForeignMachines } from '../machines.ts';

export interface OutgoingTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
  /** One more connection, for one transfer. */
  readonly connect: (signal: AbortSignal) => Promise<Client>;
}

type Part = Pick<LinkParams<'host.file.send'>, 'tag' | 'offset' | 'length'>;

/** virStorageVolInfoFlags: the length of the file in place of what it takes up. */
const physical = 1;
/** virStorageVolDownloadFlags. */
export const sparse = 1;
const zeros = Buffer.alloc(256 * 1024);

/** Errors: `not-found`; `refused` with `vmIds` among its facts while a vm writes to it. */
export async function lookAtVolume(
  { client, machines }: OutgoingTools,
  source: FileSource,
  signal: AbortSignal,
): Promise<LinkResult<'host.file.look'>> {
  const path = pathOf(machines, source);
  const vol = await requireVolume(client, path, signal);
  if (source.kind === 'disk') requireNoParent(await readVolume(client, vol, signal));
  requireNoWriter(machines, path);
  return { path, ...(await describeVolume(client, vol, signal)) };
}

/** A part of it as it was looked at. Errors: as of looking; `stale`; those of the hypervisor. */
export async function* readVolumePart(
  tools: OutgoingTools,
  source: FileSource,
  { tag, offset, length }: Part,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const path = pathOf(tools.machines, source);
  await using client = await tools.connect(signal);
  const vol = await requireVolume(client, path, signal);
  const requireSame = async (): Promise<void> => {
    requireNoWriter(tools.machines, path);
    if ((await describeVolume(client, vol, signal)).tag === tag) return;
    throw new Fault('stale', `${path} has changed since it was looked at`, { hint: 'begin anew' });
  };
  await requireSame();
  const args = { vol, offset: BigInt(offset), length: BigInt(length), flags: sparse };
  const opened = await client.open('STORAGE_VOL_DOWNLOAD', args, { signal });
  await using stream = opened.stream;
  // The last piece only when nothing has changed until then.
  let held: Buffer | undefined;
  let left = length;
  for await (const part of stream.parts(signal)) {
    const bytes = part.kind === 'data' ? part.bytes.length : Number(part.lengthBytes);
    left -= bytes;
    if (left < 0) throw new Fault('invalid', `more of ${path} comes than was asked for`);
    for (const piece of part.kind === 'data' ? [part.bytes] : zeroPieces(bytes)) {
      if (held !== undefined) yield held;
      held = piece;
    }
  }
  if (signal.aborted) throw abortReason(signal);
  await stream.finish(signal);
  if (left > 0) throw new Fault('stale', `${path} has become shorter`);
  await requireSame();
  if (held !== undefined) yield held;
}

export function* zeroPieces(lengthBytes: number): Generator<Buffer> {
  for (let left = lengthBytes; left > 0; left -= zeros.length)
    yield left < zeros.length ? zeros.subarray(0, left) : zeros;
}

/** Errors: `not-found`. */
export async function requireVolume(
  client: Client,
  path: string,
  signal: AbortSignal,
): Promise<StorageVolHandle> {
  const vol = await new Volumes(client).find(path, signal);
  if (vol !== undefined) return vol;
  throw new Fault('not-found', `no storage pool of its hypervisor has ${path}`, {
    hint: 'refresh the pool there: virsh pool-refresh',
  });
}

/** The length of its file, and what is another with each change that libvirt tells of. */
export async function describeVolume(
  client: Client,
  vol: StorageVolHandle,
  signal: AbortSignal,
): Promise<{ readonly sizeBytes: number; readonly tag: string }> {
  const [info, { xml }] = await Promise.all([
    client.call('STORAGE_VOL_GET_INFO_FLAGS', { vol, flags: physical }, { signal }),
    client.call('STORAGE_VOL_GET_XML_DESC', { vol, flags: 0 }, { signal }),
  ]);
  const times = ['mtime', 'ctime'].map((name) =>
    textOf(find(readXml(xml), 'target', 'timestamps', name)),
  );
  const text = [vol.key, info.capacity, info.allocation, ...times].join(':');
  return {
    sizeBytes: Number(info.allocation),
    tag: createHash('sha256').update(text).digest('hex').slice(0, 32),
  };
}

/** Errors: `not-found`. */
function pathOf(machines: ForeignMachines, source: FileSource): string {
  if (source.kind === 'path') return source.file;
  const { disks } = machines.definition(source.id).hardware;
  const disk = disks.find((one) => placeName(one) === source.place);
  if (disk !== undefined) return disk.file;
  throw new Fault('not-found', `the vm has no disk at ${source.place}`);
}

/** Errors: `refused`. */
function requireNoWriter(machines: ForeignMachines, path: string): void {
  const vmIds = machines.records().flatMap(({ definition: { id, hardware }, report }) => {
    const hasIt = hardware.disks.some(({ file }) => file === path);
    return hasIt && vmStateFacts[report.state].live ? [id] : [];
  });
  if (vmIds.length === 0) return;
  const facts = { file: path, vmIds };
  throw new Fault('refused', `cannot download ${path}: a vm that runs writes to it`, { facts });
}

/** Errors: `refused`. */
function requireNoParent(volume: Volume | undefined): void {
  if (volume === undefined || parentPath(volume) === null) return;
  throw new Fault('refused', `${volume.path} consists of several files that lie on each other`, {
    hint: 'make one disk of it with: gantry vm flatten, and download that',
  });
}
