/**
 * The files of machines on this host: a folder each, with its definition and its disks; nothing else is
 * needed to carry a vm elsewhere (VM-06, VM-89).
 *
 * Invariant: nothing outside of the allowed folders is read, written or deleted (allowed.ts), and nothing
 * that another machine uses is deleted.
 */
import { mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  isNative,
  type Disk,
  type DiskCompact,
  type ForeignMachine,
  type HostSettings,
  type ImportSources,
  type LinkResult,
  type VmDefinition,
} from '#api';
import { assert, Fault } from '#lib';
import type {
  DiskFacts,
  DiskSourceLike,
  DiskTwins,
  FoundDefinition,
  Storage,
  StoredFile,
} from '../drivers/storage.ts';
import type {
  DiskCatalogue,
  FileExchange,
  HandedOverFiles,
  HandOutFiles,
  Copies,
  Travel,
} from '../drivers/files.ts';
import type { LayerWork } from '../drivers/layer-storage.ts';
import { ownPlaces, resolveFile } from '../drivers/qemu/places.ts';
import { readSavedFacts } from '../drivers/qemu/saved-facts.ts';
import { topOf } from '../machine/layers/layers.ts';
import type { MachineFile } from '../machine/record.ts';
import { realPath, requireInside } from './allowed.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { describeDiskFile, makeChildDisk, type DiskFile } from './child-disk.ts';
import { compactDisk, type Compacted } from './compact-disk.ts';
import { resizeFile } from './resize-file.ts';
import { readDefinitionFile, writeDefinitionFile } from './definition-file.ts';
import { findDefinitions } from './discover.ts';
import { makeDiskCatalogue, type DiskFolders } from './disk-catalogue.ts';
import { makeDisk, matchForeign, readDisk, readServed, type DiskPlace } from './disk-files.ts';
import { makeDiskTwins } from './disk-twins.ts';
import { DiskWorks } from './disk-work/works.ts';
import { readDrive, type DriveFacts } from './drive-facts.ts';
import { exists } from './exists.ts';
import type { FilesMachines } from './insides/files-machines.ts';
import { Insides } from './insides/insides.ts';
import { makeHandOutFiles } from './hand-out-files.ts';
import { giveBackFiles, lookAtFiles } from './handed-over.ts';
import { readKept, writeKept } from './kept-state.ts';
import { readForeign } from './read-foreign.ts';
import { readVolumes } from './file-system.ts';
import { LayerFiles } from './layer-files.ts';
import { listFiles, usedByOthers } from './list-files.ts';
import { listImportSources } from './import-sources.ts';
import { listMedia } from './media-catalogue.ts';
import { listMediaDrives } from './media-drives.ts';
import { findTroubles } from './find-troubles.ts';
import { Outgoing } from './outgoing/outgoing.ts';
import { occupiedBytes } from './occupied.ts';
import { requirePermissions } from './permissions.ts';
import { makeTravel } from './travel.ts';
import { Uploads } from './uploads/uploads.ts';

export interface FileStorageOptions {
  /** Of the agent; its `vms` is where vms are unless the host's settings say otherwise. */
  readonly dataDir: string;
  readonly imageFolder: string;
  readonly settings: () => HostSettings;
  /** Errors: `unsupported` where it is not installed. */
  readonly qemuImg: () => string;
  readonly filesMachines: FilesMachines;
  /** Gives a file or folder to the account of the machine. */
  readonly own: (path: string, uid: number | null) => Promise<void>;
}

/** What qemu-img writes for a new qcow2 disk: hardly anything. */
const emptyQcow2Bytes = 1024 * 1024;
/** So that it fits one message of the link in base64. */
const maxScreenBytes = 11 * 1024 * 1024;

export class FileStorage implements Storage {
  readonly layers: LayerFiles;
  readonly #options: FileStorageOptions;
  readonly travel: Travel;
  readonly copies: Copies;
  readonly twins: DiskTwins;
  readonly handOut: HandOutFiles;
  readonly handedOver: HandedOverFiles;
  readonly catalogue: DiskCatalogue;
  readonly works: DiskWorks;
  readonly insides: Insides;
  readonly exchange: FileExchange;

  constructor(options: FileStorageOptions) {
    this.#options = options;
    const folders: DiskFolders = {
      listed: () => [this.baseFolder, ...this.#options.settings().searchPath],
      parents: () => this.folders(),
    };
    this.catalogue = makeDiskCatalogue(folders);
    const keepFreeBytes = (): number => this.#options.settings().minimumFreeDiskBytes;
    const incoming = new Uploads({
      folders,
      baseFolder: () => this.baseFolder,
      recordFolder: join(options.dataDir, 'uploads'),
      space: { keepFreeBytes },
    });
    this.works = new DiskWorks({
      folders,
      recordFolder: join(options.dataDir, 'disk-work'),
      keepFreeBytes,
      uploads: incoming,
    });
    this.insides = new Insides(this.works, options.filesMachines);
    this.exchange = { outgoing: new Outgoing(this.works, folders), incoming };
    const travel = makeTravel({
      folders: (own) => this.folders(own),
      baseFolder: () => this.baseFolder,
      requirePermissions: (folder) => this.requirePermissions(folder),
    });
    this.travel = travel;
    this.copies = travel;
    this.twins = makeDiskTwins({ folders: (own) => this.folders(own), own: options.own });
    this.handOut = makeHandOutFiles((own) => this.folders(own));
    this.handedOver = {
      look: (files) => lookAtFiles(files, this.folders()),
      giveBack: (owners) => giveBackFiles(owners, this.folders()),
      readKept,
      writeKept,
    };
    this.layers = new LayerFiles({ ...options, folders: (own) => this.folders(own) });
  }

  get #defaultFolder(): string {
    return join(this.#options.dataDir, 'vms');
  }

  get baseFolder(): string {
    return this.#options.settings().vmFolder ?? this.#defaultFolder;
  }

  /** Folders in which files of vms may be, beside the vm's own. */
  folders(own?: string): string[] {
    const { imageFolder, settings } = this.#options;
    const general = [this.baseFolder, this.#defaultFolder, imageFolder, ...settings().searchPath];
    return own === undefined ? general : [own, ...general];
  }

  async makeFolder(definition: VmDefinition): Promise<{ folder: string; file: string }> {
    await mkdir(this.baseFolder, { recursive: true, mode: 0o711 });
    await this.requirePermissions(this.baseFolder);
    const { name, id } = definition;
    for (const folderName of [name, `${name.slice(0, 60)}-${id}`]) {
      const folder = join(this.baseFolder, folderName);
      const file = join(folder, `${name}.json`);
      if (await claimFolder(folder, file, id)) return { folder, file };
    }
    throw new Fault('exists', `there is a folder for ${name} already`, {
      hint: 'choose another name',
    });
  }

  requirePermissions(folder: string): Promise<void> {
    return requirePermissions(folder, this.#options.settings());
  }

  async writeDefinition(file: MachineFile): Promise<void> {
    await writeDefinitionFile(file.file, file.definition);
  }

  async readDefinition(path: string): Promise<VmDefinition> {
    await requireInside(path, this.folders());
    return readDefinitionFile(path);
  }

  async createDisk(
    file: Pick<MachineFile, 'folder' | 'uid'>,
    source: DiskSourceLike,
    signal: AbortSignal,
    onProgress?: (progress: number) => void,
  ): Promise<{ file: string; sizeBytes: number }> {
    const path = resolveFile(file.folder, source.file);
    await requireInside(path, this.folders(file.folder));
    if (source.kind === 'image') await requireInside(source.imagePath, this.folders());
    if (source.kind === 'foreign') await requireInside(source.sourcePath, this.folders());
    if (dirname(path) !== file.folder) await this.requirePermissions(dirname(path));
    const place = this.#place(file.folder, path, signal);
    const sizeBytes = await makeDisk(place, source, onProgress);
    await this.#options.own(path, file.uid);
    return { file: source.file, sizeBytes };
  }

  async inspectDisk(
    folder: string | null,
    file: string,
    format: Disk['format'],
    signal: AbortSignal,
  ): Promise<DiskFacts> {
    const own = folder ?? undefined;
    const path = resolveFile(own ?? this.baseFolder, file);
    await requireInside(path, this.folders(own));
    const place = this.#place(own, path, signal);
    const disk = { format };
    return isNative(disk) ? readDisk(place, disk.format) : readServed(place, format);
  }

  async deleteDisk(folder: string, file: string, others: readonly MachineFile[]): Promise<void> {
    const path = resolveFile(folder, file);
    await requireInside(path, this.folders(folder));
    const user = (await usedByOthers(others)).get(await realPath(path));
    if (user !== undefined) {
      throw new Fault('refused', `cannot delete ${path}: ${user} uses it`, {
        hint: 'detach it there first',
      });
    }
    await rm(path, { force: true });
  }

  async compactDisk(
    file: MachineFile,
    disk: Disk,
    wish: DiskCompact,
    work: LayerWork,
  ): Promise<Compacted> {
    const path = resolveFile(file.folder, disk.file);
    await requireInside(path, this.folders(file.folder));
    return await compactDisk(path, disk.format, wish, work);
  }

  async resizeDisk(
    file: MachineFile,
    disk: Disk,
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<void> {
    const path = resolveFile(file.folder, disk.file);
    await requireInside(path, this.folders(file.folder));
    await resizeFile(path, disk.format, sizeBytes, signal);
  }

  async makeChild(
    file: MachineFile,
    parent: Disk,
    child: Disk,
    signal: AbortSignal,
  ): Promise<void> {
    const [made, below] = [child, parent].map((disk) => fileOf(file, disk));
    assert(made !== undefined && below !== undefined, 'two files');
    const folders = this.folders(file.folder);
    await requireInside(below.path, folders);
    await makeChildDisk(made, below, { folders, signal });
    await this.#options.own(made.path, file.uid);
  }

  describeDisk(file: MachineFile, disk: Disk): ReturnType<typeof describeDiskFile> {
    return describeDiskFile(fileOf(file, disk), this.folders(file.folder));
  }

  async spaceFor(sources: readonly DiskSourceLike[]): Promise<number> {
    let bytes = 0;
    for (const source of sources) {
      if (source.kind === 'image') {
        bytes += (await stat(source.imagePath).catch(() => undefined))?.size ?? source.sizeBytes;
      } else if (source.kind === 'drive') bytes += source.sizeBytes;
      else if (source.kind === 'foreign') bytes += await storedBytes(source.sourcePath);
      else if (source.allocation === 'fixed') bytes += source.sizeBytes;
      else bytes += emptyQcow2Bytes;
    }
    return bytes;
  }

  files(
    file: MachineFile,
    keep: ReadonlySet<string>,
    others: readonly MachineFile[],
  ): Promise<readonly StoredFile[]> {
    return listFiles(file, keep, others);
  }

  occupiedBytes(file: MachineFile): Promise<number> {
    return occupiedBytes(file);
  }

  findTroubles(file: MachineFile): ReturnType<typeof findTroubles> {
    return findTroubles(file, this, this.folders(file.folder));
  }

  async destroy(
    file: MachineFile,
    keep: ReadonlySet<string>,
    others: readonly MachineFile[],
  ): Promise<{ deleted: string[]; kept: string[] }> {
    const files = await listFiles(file, keep, others);
    const deleted: string[] = [];
    for (const { path } of files.filter((one) => one.deleted)) {
      await rm(path, { force: true, recursive: true });
      deleted.push(path);
    }
    await rmdir(file.folder).catch(() => undefined);
    return { deleted, kept: files.filter((one) => !one.deleted).map((one) => one.path) };
  }

  drive(device: string): Promise<DriveFacts> {
    return readDrive(device);
  }

  readForeign(file: string, signal: AbortSignal): Promise<ForeignMachine> {
    return readForeign(file, this.folders(), signal);
  }

  async matchDisk(
    file: MachineFile,
    layer: string,
    source: { readonly sourcePath: string; readonly sourceFormat: string },
    work: LayerWork,
  ): Promise<void> {
    const path = resolveFile(file.folder, layer);
    await requireInside(path, this.folders(file.folder));
    await requireInside(source.sourcePath, this.folders());
    await matchForeign(path, source, this.folders(file.folder), work);
  }

  discover(folders: readonly string[], signal: AbortSignal): Promise<readonly FoundDefinition[]> {
    return findDefinitions([this.baseFolder, ...folders], signal);
  }

  async media(signal: AbortSignal): Promise<Omit<LinkResult<'host.media'>, 'inserted'>> {
    const folders = [this.baseFolder, ...this.#options.settings().searchPath];
    return { ...(await listMedia(folders, signal)), drives: await listMediaDrives() };
  }

  importSources(signal: AbortSignal): Promise<ImportSources> {
    return listImportSources([this.baseFolder, ...this.#options.settings().searchPath], signal);
  }

  async volumes(
    also: readonly string[] = [],
  ): Promise<{ path: string; totalBytes: number; freeBytes: number }[]> {
    await mkdir(this.baseFolder, { recursive: true, mode: 0o711 });
    const { searchPath } = this.#options.settings();
    const volumes = await readVolumes([this.baseFolder, ...searchPath, ...also]);
    return volumes.map(({ path, totalBytes, freeBytes }) => ({ path, totalBytes, freeBytes }));
  }

  async growingOn(volume: string, file: MachineFile): Promise<readonly Disk[]> {
    const device = (await stat(volume)).dev;
    const growing: Disk[] = [];
    for (const disk of file.definition.hardware.disks) {
      const top = topOf(file.layers, disk);
      const stats = await stat(resolveFile(file.folder, top.file)).catch(() => undefined);
      if (disk.readOnly || stats?.dev !== device) continue;
      if (top.format !== 'raw' || stats.blocks * 512 < stats.size) growing.push(disk);
    }
    return growing;
  }

  async deleteSaved(path: string): Promise<void> {
    const { savedFacts, savedScreen } = ownPlaces({ file: path });
    for (const one of [path, `${path}.part`, savedFacts, savedScreen])
      await rm(one, { force: true });
  }

  async keepScreen(path: string, png: Buffer): Promise<void> {
    const { savedScreen } = ownPlaces({ file: path });
    // It is as secret as the state, and lost without harm.
    await writeFileAtomic(savedScreen, png, { mode: 0o600, durability: 'cached' });
  }

  async findScreen(path: string): Promise<Buffer | undefined> {
    const { savedScreen } = ownPlaces({ file: path });
    try {
      const { size } = await stat(savedScreen);
      if (size > maxScreenBytes)
        throw new Fault('too-large', `${savedScreen} is no picture of a screen`);
      return await readFile(savedScreen);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async findSaved(path: string): Promise<'ran' | 'paused' | undefined> {
    const { savedFacts } = ownPlaces({ file: path });
    if (!(await exists(path)) || !(await exists(savedFacts))) return undefined;
    // Facts that cannot be read are told by the restore (VM-77).
    return (await readSavedFacts(savedFacts))?.guest ?? 'ran';
  }

  #place(own: string | undefined, path: string, signal: AbortSignal): DiskPlace {
    return { qemuImg: this.#options.qemuImg(), path, folders: this.folders(own), signal };
  }
}

function fileOf({ folder }: MachineFile, { file, format }: Disk): DiskFile {
  return { path: resolveFile(folder, file), format };
}

/** At least what the first file of the disk takes on its volume. */
async function storedBytes(path: string): Promise<number> {
  return ((await stat(path).catch(() => undefined))?.blocks ?? 0) * 512;
}

/** A folder that was made for this vm before, by a request that did not end, is its own. */
async function claimFolder(folder: string, file: string, id: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw explainFolder(folder, error);
  }
  if ((await readdir(folder)).length === 0) return true;
  const definition = await readDefinitionFile(file).catch(() => undefined);
  return definition?.id === id;
}

function explainFolder(folder: string, cause: unknown): Fault {
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
  return new Fault(full ? 'exhausted' : 'refused', `cannot make the folder ${folder}`, {
    cause,
    hint: `see who may write to ${dirname(folder)}`,
  });
}
