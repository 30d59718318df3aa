/**
 * Files that a hypervisor keeps beside the disks of a vm, read and written through libvirt, which sees them where nobody else does
 * (docs/rfd/0034).
 *
 * Invariant: a file is replaced only when all of its new bytes are there in another one beside it and were read back; the hypervisor itself
 * copies that one, and libvirt flushes copies to the disk. What was cut off is done again, from the start.
 */
import { posix } from 'node:path';
import { maxKeptBytes, type FileOwner, type KeptContent, type KeptFile } from '#api';
import { attributeOf, escapeXml, find, readXml, textOf } from '#foreign';
import { describeFault, Fault, isFault } from '#lib';
import { libvirtFacts, type Client, type StoragePoolHandle, type StorageVolHandle } from '#libvirt';
import { packContent, unpackContent } from '../../kept-content.ts';
import type { BorrowedPools } from '../copy/borrowed-pool.ts';

type Owner = Omit<FileOwner, 'file'>;
export type KeptLook =
  { readonly sizeBytes: number; readonly owner: Owner } | { readonly why: string };

/** What is there of it. Errors: those of the client. */
export async function lookAtKept(
  client: Client,
  borrowed: BorrowedPools,
  path: string,
  signal: AbortSignal,
): Promise<KeptLook> {
  try {
    return await borrowed.with(posix.dirname(path), signal, async (pool) => {
      const vol = await lookUp(client, pool, path, signal);
      if (vol === undefined) return { why: `${path} does not exist` };
      const { xml } = await client.call('STORAGE_VOL_GET_XML_DESC', { vol, flags: 0 }, { signal });
      const volume = readXml(xml);
      const rights = find(volume, 'target', 'permissions');
      const [uid, gid] = [numberOf(find(rights, 'owner')), numberOf(find(rights, 'group'))];
      const mode = Number.parseInt(textOf(find(rights, 'mode')) ?? '', 8);
      if (attributeOf(volume, 'type') !== 'file' || !(uid >= 0 && gid >= 0 && mode >= 0))
        return { why: `${path} is no file` };
      const info = await client.call('STORAGE_VOL_GET_INFO', { vol }, { signal });
      return { sizeBytes: Number(info.capacity), owner: { uid, gid, mode: mode & 0o777 } };
    });
  } catch (error) {
    if (isNoFolder(error)) return { why: describeFault(error) };
    throw error;
  }
}

/** Errors: `not-found`; `too-large`; those of the client. */
export async function fetchKept(
  client: Client,
  borrowed: BorrowedPools,
  kept: readonly KeptFile[],
  signal: AbortSignal,
): Promise<KeptContent[]> {
  const contents: KeptContent[] = [];
  for (const { part, file } of kept)
    await borrowed.with(posix.dirname(file), signal, async (pool) => {
      const vol = await lookUp(client, pool, file, signal);
      if (vol === undefined)
        throw new Fault('not-found', `${file} of its hypervisor is not there any more`, {
          hint: 'bring it back there from a backup',
        });
      contents.push({ part, content: await packContent(await download(client, vol, signal)) });
    });
  return contents;
}

/** One that holds the bytes already is left alone. Errors: as `fetchKept`; `invalid`; `unavailable` where they were not read back. */
export async function putKept(
  client: Client,
  borrowed: BorrowedPools,
  file: KeptFile,
  packed: string,
  signal: AbortSignal,
): Promise<void> {
  const bytes = await unpackContent(packed);
  await borrowed.with(posix.dirname(file.file), signal, async (pool) => {
    const there = await lookUp(client, pool, file.file, signal);
    const coming = `${file.file}.gantry`;
    await remove(client, await lookUp(client, pool, coming, signal), signal);
    if (there !== undefined && (await download(client, there, signal)).equals(bytes)) return;
    const made = { pool, bytes: bytes.length };
    const clonevol = await create(client, { ...made, path: coming, owner: ofRoot }, signal);
    await upload(client, clonevol, bytes, signal);
    if (!(await download(client, clonevol, signal)).equals(bytes))
      throw new Fault('unavailable', `${coming} does not hold what was written into it`);
    // From here on it is ended, whatever the signal says.
    const end = AbortSignal.any([]);
    await remove(client, there, end);
    await create(client, { ...made, path: file.file, owner: file, clonevol }, end);
    await remove(client, clonevol, end);
  });
}

const ofRoot: Owner = { uid: 0, gid: 0, mode: 0o600 };

interface Creation {
  readonly pool: StoragePoolHandle;
  readonly path: string;
  readonly bytes: number;
  readonly owner: Owner;
  /** Whose bytes it gets; without, it is empty. */
  readonly clonevol?: StorageVolHandle;
}

async function create(
  client: Client,
  { pool, path, bytes, owner: { uid, gid, mode }, clonevol }: Creation,
  signal: AbortSignal,
): Promise<StorageVolHandle> {
  const rights = `<permissions><mode>0${mode.toString(8)}</mode><owner>${uid}</owner><group>${gid}</group></permissions>`;
  const xml = `<volume><name>${escapeXml(posix.basename(path))}</name><capacity unit='bytes'>${bytes}</capacity>
<target><format type='raw'/>${rights}</target></volume>`;
  const args = { pool, xml, flags: 0 };
  const { vol } =
    clonevol === undefined
      ? await client.call('STORAGE_VOL_CREATE_XML', args, { signal })
      : await client.call('STORAGE_VOL_CREATE_XML_FROM', { ...args, clonevol }, { signal });
  return vol;
}

async function remove(
  client: Client,
  vol: StorageVolHandle | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (vol !== undefined) await client.call('STORAGE_VOL_DELETE', { vol, flags: 0 }, { signal });
}

async function lookUp(
  client: Client,
  pool: StoragePoolHandle,
  path: string,
  signal: AbortSignal,
): Promise<StorageVolHandle | undefined> {
  try {
    const args = { pool, name: posix.basename(path) };
    return (await client.call('STORAGE_VOL_LOOKUP_BY_NAME', args, { signal })).vol;
  } catch (error) {
    if (isFault(error, 'not-found')) return undefined;
    throw error;
  }
}

async function download(
  client: Client,
  vol: StorageVolHandle,
  signal: AbortSignal,
): Promise<Buffer> {
  const args = { vol, offset: 0n, length: 0n, flags: 0 };
  const { stream } = await client.open('STORAGE_VOL_DOWNLOAD', args, { signal });
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of stream.parts(signal)) {
      if (part.kind === 'hole') throw new Fault('invalid', `${vol.key} came with a hole in it`);
      sizeBytes += part.bytes.length;
      if (sizeBytes > maxKeptBytes) throw new Fault('too-large', `${vol.key} is too large`);
      pieces.push(part.bytes);
    }
    await stream.finish(signal);
  } finally {
    stream.abort();
  }
  return Buffer.concat(pieces);
}

async function upload(
  client: Client,
  vol: StorageVolHandle,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const args = { vol, offset: 0n, length: BigInt(bytes.length), flags: 0 };
  const { stream } = await client.open('STORAGE_VOL_UPLOAD', args, { signal });
  try {
    await stream.write(bytes, signal);
    await stream.finish(signal);
  } finally {
    stream.abort();
  }
}

/** A folder that cannot be opened: what was never started has none. libvirt's words are in the language of its host. */
function isNoFolder(error: unknown): boolean {
  return isFault(error) && libvirtFacts(error)?.name === 'SYSTEM_ERROR';
}

function numberOf(node: Parameters<typeof textOf>[0]): number {
  const text = textOf(node) ?? '';
  return /^\d{1,10}$/.test(text) ? Number(text) : -1;
}
