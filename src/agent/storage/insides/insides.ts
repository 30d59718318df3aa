/**
 * Files inside disk files and images of this host by path. Whether a disk may be opened or changed is judged as for other work on
 * disk files (disk-work/plan.ts), and while it is, no such work is done on it and no vm is started with it.
 */
import {
  innerFileKinds,
  maxInnerEntries,
  type InnerFile,
  type LinkParams,
  type LinkResult,
} from '#api';
import { claimDisk, openDisk } from '#disk';
import { describeFault, Fault, isFault, isoTime } from '#lib';
import {
  chooseFileSystem,
  partitionOf,
  shownSystems,
  type FileFacts,
  type FilesAppliance,
  type FolderEntry,
} from '#qemu';
import type { DiskInsides, InnerContent, InnerPlace } from '../../drivers/files.ts';
import type { MachineFile } from '../../machine/record.ts';
import { realPath } from '../allowed.ts';
import type { HeldFile } from '../disk-work/works.ts';
import type { DiskWorks } from '../disk-work/works.ts';
import type { FilesMachines } from './files-machines.ts';
import { Readers } from './readers.ts';

const lastYearMs = Date.UTC(9999, 11, 31);
const maxReason = 1000;

export class Insides implements DiskInsides {
  readonly #works: DiskWorks;
  readonly #machines: FilesMachines;
  readonly #readers: Readers;

  constructor(works: DiskWorks, machines: FilesMachines) {
    this.#works = works;
    this.#machines = machines;
    this.#readers = new Readers((disk, signal) => machines.start(disk, 'read', signal));
  }

  async look(
    { file, partition, path, images }: LinkParams<'host.disk.files'>,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<LinkResult<'host.disk.files'>> {
    const readOnly = await this.#whyReadOnly(file, images, machines, signal);
    return await this.#reading('look into', file, machines, signal, async (appliance) => ({
      fileSystems: shownSystems(appliance.systems).map(
        ({ device, start, sizeBytes, name, label, type }) => ({
          partition: partitionOf(device),
          start,
          sizeBytes,
          name: name ?? null,
          label: label ?? null,
          readable: type !== undefined,
        }),
      ),
      readOnly,
      folder: path === null ? null : await listFolder(appliance, partition, path, signal),
    }));
  }

  async read(
    { file, partition, path }: InnerPlace,
    machines: readonly MachineFile[],
    signal: AbortSignal,
    send: Parameters<DiskInsides['read']>[3],
  ): Promise<void> {
    await this.#reading('read from', file, machines, signal, async (appliance) => {
      const device = chooseFileSystem(appliance.systems, partition ?? undefined);
      const { kind, sizeBytes } = await appliance.facts(device, path, signal);
      const verb = kind === 'folder' ? 'pack' : 'get';
      await send({ kind, sizeBytes }, () => appliance.read(verb, device, path, signal));
    });
  }

  async put(
    { file, partition, path, images }: InnerPlace & { readonly images: readonly string[] },
    machines: readonly MachineFile[],
    { kind, sizeBytes, open }: InnerContent,
    signal: AbortSignal,
  ): Promise<void> {
    const doing = 'put a file into';
    await this.#readers.forget(await realPath(file));
    using held = await this.#works.hold({ doing, file, access: 'write' }, machines, signal);
    await requireNoImage(held.path, images);
    await using disk = await openDisk({ ...sourceOf(held), access: 'write' });
    if (!disk.isWritable) {
      throw new Fault(
        'unsupported',
        `${file}: disks in this kind of ${disk.format} are only read`,
        {
          hint: 'convert it to another format first',
        },
      );
    }
    await claimDisk(disk, doing);
    await using appliance = await this.#machines.start(disk, 'write', signal);
    const device = chooseFileSystem(appliance.systems, partition ?? undefined);
    const content = await open();
    await appliance.replace(device, path, { kind, sizeBytes, content }, signal);
    await appliance.leave(signal);
  }

  async #reading<T>(
    doing: string,
    file: string,
    machines: readonly MachineFile[],
    signal: AbortSignal,
    work: (appliance: FilesAppliance) => Promise<T>,
  ): Promise<T> {
    using held = await this.#works.hold({ doing, file, access: 'read' }, machines, signal);
    return await this.#readers.use(held.path, () => openDisk(sourceOf(held)), signal, work);
  }

  /** Null where something could be put into it now. */
  async #whyReadOnly(
    file: string,
    images: readonly string[],
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<string | null> {
    try {
      await requireNoImage(await realPath(file), images);
      const asked = { doing: 'put a file into', file, access: 'write' } as const;
      const path = await this.#works.judge(asked, machines, signal);
      return path.toLowerCase().endsWith('.iso') ? 'a CD is never changed' : null;
    } catch (error) {
      if (isFault(error, 'cancelled')) throw error;
      return describeFault(error).slice(0, maxReason);
    }
  }
}

function sourceOf({ path, store, format, parent }: HeldFile): Parameters<typeof openDisk>[0] {
  return { path, store, format, parent };
}

async function requireNoImage(path: string, images: readonly string[]): Promise<void> {
  for (const image of images)
    if ((await realPath(image)) === path)
      throw new Fault('refused', 'an image stays as it is', {
        facts: { path },
        hint: 'work on a copy of it',
      });
}

async function listFolder(
  appliance: FilesAppliance,
  partition: number | null,
  path: string,
  signal: AbortSignal,
): Promise<LinkResult<'host.disk.files'>['folder']> {
  const device = chooseFileSystem(appliance.systems, partition ?? undefined);
  const entries = await appliance.list(device, path, signal);
  if (entries.length > maxInnerEntries) {
    throw new Fault('too-large', `${path} has ${entries.length} entries`, {
      hint: 'take the folder out as an archive',
    });
  }
  return { partition: partitionOf(device), path, items: entries.map(tellEntry) };
}

function tellEntry({ name, kind, target, ...facts }: FolderEntry): InnerFile {
  const { sizeBytes, mode, uid, gid } = facts;
  const known = innerFileKinds.find((one) => one === kind) ?? 'other';
  const changedAt = dateOf(facts);
  return { name, kind: known, sizeBytes, changedAt, mode, uid, gid, target: target ?? null };
}

function dateOf({ changedS }: Pick<FileFacts, 'changedS'>): string | null {
  const ms = changedS * 1000;
  return ms >= Date.UTC(0) && ms <= lastYearMs ? isoTime(ms) : null;
}
