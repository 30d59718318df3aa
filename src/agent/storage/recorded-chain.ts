/**
 * Disks of vms, opened for reading by the rights of this program. A process that broke out of QEMU can write any name into the
 * headers of its own disks; with the rights of the agent that would be followed into disks of other vms (docs/rfd/0041).
 *
 * Invariant: what lies below a vm's disk is opened by the record of its layers; no name in a file that the vm may write leads anywhere
 * else. Of a disk that is served, of which the record does not know that yet, names lead to nothing that other vms have.
 */
import { dirname, resolve } from 'node:path';
import { isNative, tellFinding } from '#api';
import { openDisk, type Disk as OpenDisk, type OpenOptions } from '#disk';
import { Fault } from '#lib';
import { resolveFile } from '../drivers/qemu/places.ts';
import { chainFrom, type Layer } from '../machine/layers/layers.ts';
import { isSameSeal } from '../machine/layers/seal.ts';
import { borrowedOf, servedChainOf, type SealedFile } from '../machine/layers/served-chain.ts';
import type { MachineFile } from '../machine/record.ts';
import { realPath, requireInside } from './allowed.ts';
import { readBackingText } from './backing.ts';
import { storeOf, type DiskFile } from './child-disk.ts';
import { fileIdentity } from './file-identity.ts';
import { readSeal } from './read-seal.ts';
import { requireSameChain } from './served-chains.ts';
import { storeApart } from './store-apart.ts';

type Parent = OpenOptions['parent'];
type Owner = Pick<MachineFile, 'folder' | 'layers'>;

export interface NamedOtherwise {
  /** Of the file, absolute. */
  readonly path: string;
  /** What the file names, absolute; null: nothing, and undefined: what is no name of a file. */
  readonly named: string | null | undefined;
  /** As the record has it; null: nothing. */
  readonly recorded: string | null;
}

/** Where a file of a vm names another parent than the record does: what a guest writes to a raw disk says nothing. */
export async function findOtherName(
  folder: string,
  { file, format, seal }: Pick<Layer, 'file' | 'format' | 'seal'>,
  recorded: string | null,
): Promise<NamedOtherwise | undefined> {
  if (format !== 'qcow2') return undefined;
  // What is sealed is compared with its seal; a linked clone may know it in another folder.
  if (recorded !== null && seal !== null) return undefined;
  const path = resolveFile(folder, file);
  const text = await readBackingText(path);
  if (recorded === null && text === undefined) return undefined;
  const named =
    text === undefined ? null : typeof text === 'string' ? resolve(dirname(path), text) : undefined;
  if (recorded !== null && typeof named === 'string') {
    const known = resolveFile(folder, recorded);
    if ((await fileIdentity(known)) === (await fileIdentity(named))) return undefined;
  }
  return { path, named, recorded };
}

/**
 * How what lies below a file of a vm is to be opened. Errors: `refused` with the reason `disk-parent` where one of the vm's own
 * files names something else; `forbidden` for a parent outside of `folders`.
 */
export async function parentByRecord(
  { folder, layers }: Owner,
  top: Pick<Layer, 'file' | 'format'>,
  folders: readonly string[],
): Promise<Parent> {
  const known = chainFrom(layers, top.file);
  const chain = known.length > 0 ? known : [{ ...top, parent: null, seal: null }];
  for (const layer of chain) {
    if (layer.borrowed) break;
    const other = await findOtherName(folder, layer, layer.parent);
    if (other !== undefined) throw refusedFor(other);
  }
  const [, ...below] = chain;
  for (const { file } of below) await requireInside(resolveFile(folder, file), folders);
  const own = chain.at(-1) ?? top;
  const lowest = isNative(own) ? 'none' : await parentOfServed({ folder, layers }, own, folders);
  return below.reduceRight<Parent>(
    (parent, { file, format }) => ({
      path: resolveFile(folder, file),
      format,
      identity: 'any',
      parent,
    }),
    lowest,
  );
}

/**
 * Of a disk that is served. One of which the record does not know yet what it is made from says it itself: whoever opens it does so
 * by a store that keeps vms apart (store-apart.ts), and so he finds its further parts.
 */
async function parentOfServed(
  { folder, layers }: Owner,
  { file, format }: Pick<Layer, 'file' | 'format'>,
  folders: readonly string[],
): Promise<Parent> {
  const chain = servedChainOf(layers, { file });
  if (chain === undefined) return 'follow';
  const own = { path: resolveFile(folder, file), format };
  await requireSameChain(own, folder, chain, storeOf(folders));
  for (const one of borrowedOf(chain)) {
    const path = resolveFile(folder, one.file);
    await requireInside(path, folders);
    await requireSeal(own, one, path);
  }
  return chain.parents.reduceRight<Parent>(
    (parent, one) => ({ path: resolveFile(folder, one.file), format: one.format, parent }),
    'none',
  );
}

/** Errors: `refused`; `disk`: whose parent it is. */
async function requireSeal(
  { path: disk }: DiskFile,
  { seal }: SealedFile,
  path: string,
): Promise<void> {
  const found = await readSeal(path).catch(() => undefined);
  if (found !== undefined && isSameSeal(seal, found)) return;
  const state = found === undefined ? 'layer-missing' : 'layer-changed';
  const { code, evidence: text, remedy } = tellFinding(state, { file: path, disk });
  const reasons = [{ code, text, remedy }];
  throw new Fault('refused', text, { hint: remedy, facts: { file: path }, reasons });
}

/** Before a tool follows the names itself. Errors: `refused` where the first of the files names another than the second. */
export async function requireNamed(
  folder: string,
  [first, second]: readonly Pick<Layer, 'file' | 'format'>[],
): Promise<void> {
  if (first === undefined || second === undefined) return;
  const other = await findOtherName(folder, { ...first, seal: null }, second.file);
  if (other !== undefined) throw refusedFor(other);
}

/** A disk of a vm as its guest sees it, from `top` down; `machines`: all of the host. Errors: as `parentByRecord`, `openDisk` and `storeApart`. */
export async function openRecorded(
  machine: Owner,
  top: Pick<Layer, 'file' | 'format'>,
  folders: readonly string[],
  machines: readonly MachineFile[],
): Promise<OpenDisk> {
  const path = resolveFile(machine.folder, top.file);
  const parent = await parentByRecord(machine, top, folders);
  return await openDisk({ path, store: storeApart(folders, machines), format: top.format, parent });
}

/** As `parentByRecord`, for a file of which only the path is known, with all links followed; what no vm has says itself what lies below it. */
export async function parentOfFile(
  path: DiskFile['path'],
  machines: readonly MachineFile[],
  folders: (own: string) => readonly string[],
): Promise<Parent> {
  for (const machine of machines) {
    const { folder, layers, definition } = machine;
    const disks = definition.hardware.disks.filter(({ kind }) => kind === undefined);
    const own = layers.files.filter(({ borrowed }) => !borrowed);
    for (const { file, format } of [...own, ...disks])
      if ((await realPath(resolveFile(folder, file))) === path)
        return await parentByRecord(machine, { file, format }, folders(folder));
  }
  return 'follow';
}

function refusedFor({ path, named, recorded }: NamedOtherwise): Fault {
  const [found, known] = [
    named === undefined ? 'a parent that cannot be told' : (named ?? 'no parent'),
    recorded ?? 'none',
  ];
  const text = `${path} names ${found}, and the vm has ${known} for its parent`;
  const remedy = 'if that was meant, detach the disk and attach it again';
  const reasons = [{ code: 'disk-parent', text, remedy }];
  return new Fault('refused', text, { hint: remedy, facts: { file: path }, reasons });
}
