/**
 * Files of this host as they are, on their way to another computer. While one is read no work changes it; should anything else
 * do so, such as a vm that is started with it, its end is never sent, and the other side knows that it has not got a whole.
 */
import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { open, readlink, type FileHandle } from 'node:fs/promises';
import { placeName, type FileSource, type LinkResult } from '#api';
import { openDisk } from '#disk';
import { abortReason, Fault } from '#lib';
import type { OutgoingFiles } from '../../drivers/files.ts';
import { resolveFile } from '../../drivers/qemu/places.ts';
import { chainOf } from '../../machine/layers/layers.ts';
import type { MachineFile } from '../../machine/record.ts';
import { requireInside } from '../allowed.ts';
import type { DiskFolders } from '../disk-catalogue.ts';
import type { DiskWorks, HeldFile } from '../disk-work/works.ts';

const bufferBytes = 256 * 1024;

export class Outgoing implements OutgoingFiles {
  readonly #works: DiskWorks;
  readonly #folders: DiskFolders;

  constructor(works: DiskWorks, folders: DiskFolders) {
    this.#works = works;
    this.#folders = folders;
  }

  async look(
    source: FileSource,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<LinkResult<'host.file.look'>> {
    using held = await this.#hold(source, machines, signal);
    await using file = await this.#open(held.path);
    const stats = await file.stat({ bigint: true });
    return { path: held.path, sizeBytes: Number(stats.size), tag: tagOf(stats) };
  }

  async send(
    { source, tag, offset, length }: Parameters<OutgoingFiles['send']>[0],
    machines: readonly MachineFile[],
    signal: AbortSignal,
    send: Parameters<OutgoingFiles['send']>[3],
  ): Promise<void> {
    using held = await this.#hold(source, machines, signal);
    await using file = await this.#open(held.path);
    const requireSame = async (): Promise<void> => {
      if (tagOf(await file.stat({ bigint: true })) === tag) return;
      throw new Fault('stale', `${held.path} has changed since it was looked at`, {
        hint: 'begin anew',
      });
    };
    await requireSame();
    await send(readPart(file, { offset, length }, requireSame, signal));
  }

  async #hold(
    source: FileSource,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<HeldFile> {
    const file = source.kind === 'path' ? source.file : onlyFileOf(source, machines);
    const asked = { doing: 'download', file, access: 'read', content: 'any' } as const;
    const held = await this.#works.hold(asked, machines, signal);
    try {
      if (source.kind === 'disk') await requireNoParent(held);
      return held;
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
  }

  /** No link is followed, and what was opened lies where it may, whatever was done to its folders meanwhile. */
  async #open(path: string): Promise<FileHandle> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(path, flags).catch((cause: unknown) => {
      throw new Fault('not-found', `cannot open ${path}`, { cause });
    });
    try {
      if (!(await file.stat()).isFile())
        throw new Fault('invalid', `${path} is no regular file any more`);
      await requireInside(await readlink(`/proc/self/fd/${file.fd}`), this.#folders.parents());
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }
}

/** Another one for each change: the times are those of the kernel, in nanoseconds (inode(7)). */
function tagOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  const text = [dev, ino, size, mtimeNs, ctimeNs].join(':');
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** The last of it only when nothing has changed until then. */
async function* readPart(
  file: FileHandle,
  { offset, length }: { readonly offset: number; readonly length: number },
  requireSame: () => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for (let at = offset, end = offset + length; at < end;) {
    if (signal.aborted) throw abortReason(signal);
    // What is sent is sent later: each part has a buffer of its own.
    const buffer = Buffer.allocUnsafe(Math.min(bufferBytes, end - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new Fault('stale', 'the file has become shorter');
    at += bytesRead;
    if (at === end) await requireSame();
    yield buffer.subarray(0, bytesRead);
  }
}

/** Errors: `not-found`; `refused` where the disk is several files. */
function onlyFileOf(
  { id, place }: Extract<FileSource, { kind: 'disk' }>,
  machines: readonly MachineFile[],
): string {
  const machine = machines.find(({ definition }) => definition.id === id);
  const disk = machine?.definition.hardware.disks.find((one) => placeName(one) === place);
  if (machine === undefined || disk === undefined)
    throw new Fault('not-found', `the vm has no disk at ${place}`);
  if (chainOf(machine.layers, disk).length > 1) throw severalFiles(disk.file);
  return resolveFile(machine.folder, disk.file);
}

async function requireNoParent({ path, store, format }: HeldFile): Promise<void> {
  await using disk = await openDisk({ path, store, format, parent: 'none' });
  if (disk.layer.parentReference !== undefined) throw severalFiles(path);
}

function severalFiles(file: string): Fault {
  return new Fault('refused', `${file} consists of several files that lie on each other`, {
    hint: 'make one disk of it with: gantry vm export NAME --as PRODUCT, and download that',
  });
}
