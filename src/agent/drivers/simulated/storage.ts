/** The files of simulated machines: names and sizes, no bytes. Nothing touches the host's disk. */
import type { VmDefinition } from '#api';
import { Fault, giB } from '#lib';
import type { MachineFile } from '../../machine/record.ts';
import { undoFiles } from '../../machine/layers/layers.ts';
import type { DiskFacts, DiskSourceLike, DiskTwins, Storage, StoredFile } from '../storage.ts';
import { SimulatedLayers } from './layers.ts';
import type { SavedGuest } from './saved-guest.ts';
import { SimulatedTravel } from './travel.ts';

const freeBytes = 60_000 * giB;
const plainFile = {
  maxBytes: null,
  freeBytes,
  parent: null,
  deleted: true,
  keptBecause: null,
} as const;

export class SimulatedStorage implements Storage {
  readonly layers: SimulatedLayers;
  readonly #hostName: string;
  readonly #saved: Map<string, SavedGuest>;
  readonly #disks = new Map<string, number>();
  readonly #screens = new Map<string, Buffer>();
  readonly travel: SimulatedTravel;

  /** `machines` are all of the host. */
  constructor(
    hostName: string,
    saved: Map<string, SavedGuest>,
    machines: () => readonly MachineFile[],
  ) {
    this.#hostName = hostName;
    this.#saved = saved;
    this.layers = new SimulatedLayers(saved);
    const [disks, screens] = [this.#disks, this.#screens];
    this.travel = new SimulatedTravel({ hostName, disks, saved, screens, machines });
  }

  readonly twins: DiskTwins = {
    plan: async ({ folder }, disk, to) => ({
      from: [place(folder, disk.file)],
      to: [place(folder, to)],
    }),
    make: async ({ folder }, { sizeBytes }, to) => {
      this.#disks.set(place(folder, to), sizeBytes);
    },
  };

  async makeFolder(definition: VmDefinition): Promise<{ folder: string; file: string }> {
    const folder = `/simulated/${this.#hostName}/${definition.name}`;
    return { folder, file: `${folder}/vm.json` };
  }

  /** The record is all there is of its files: from now on they are here. */
  async writeDefinition(file: MachineFile): Promise<void> {
    for (const disk of file.definition.hardware.disks)
      this.#disks.set(place(file.folder, disk.file), disk.sizeBytes);
    this.layers.recall(file, file.layers);
  }

  async readDefinition(path: string): Promise<VmDefinition> {
    throw new Fault('not-found', `there is no ${path}: a simulated host has no files`);
  }

  async requirePermissions(): Promise<void> {}

  async createDisk(
    file: Pick<MachineFile, 'folder'>,
    source: DiskSourceLike,
  ): Promise<{ file: string; sizeBytes: number }> {
    this.#disks.set(place(file.folder, source.file), source.sizeBytes);
    return { file: source.file, sizeBytes: source.sizeBytes };
  }

  async inspectDisk(folder: string | null, file: string): Promise<DiskFacts> {
    const sizeBytes = this.#disks.get(place(folder ?? '/', file)) ?? 20 * giB;
    return { sizeBytes, fileBytes: Math.floor(sizeBytes / 4), backing: null, system: false };
  }

  async deleteDisk(folder: string, file: string): Promise<void> {
    this.#disks.delete(place(folder, file));
  }

  async spaceFor(sources: readonly DiskSourceLike[]): Promise<number> {
    return sources.reduce((sum, source) => sum + source.sizeBytes, 0);
  }

  async files(file: MachineFile, keep: ReadonlySet<string>): Promise<readonly StoredFile[]> {
    const disks = file.definition.hardware.disks.map((disk): StoredFile => {
      const path = place(file.folder, disk.file);
      const kept = keep.has(path) ? 'another vm uses it' : null;
      const sizeBytes = Math.floor(disk.sizeBytes / 4);
      const { sizeBytes: maxBytes } = disk;
      const about = { ...plainFile, maxBytes, deleted: kept === null, keptBecause: kept };
      return { ...about, path, role: 'disk', sizeBytes };
    });
    for (const layer of undoFiles(file.layers))
      disks.push({
        ...plainFile,
        path: place(file.folder, layer),
        role: 'undo',
        sizeBytes: await this.layers.sizeOf(file, layer),
      });
    const configuration: StoredFile = {
      ...plainFile,
      path: file.file,
      role: 'configuration',
      sizeBytes: JSON.stringify(file.definition).length,
    };
    const savedBytes =
      file.savedFile === null ? undefined : this.#saved.get(file.savedFile)?.sizeBytes;
    if (file.savedFile === null || savedBytes === undefined) return [configuration, ...disks];
    const saved: StoredFile = {
      ...plainFile,
      path: file.savedFile,
      role: 'saved-state',
      sizeBytes: savedBytes,
    };
    return [configuration, ...disks, saved];
  }

  async occupiedBytes(file: MachineFile): Promise<number> {
    const files = await this.files(file, new Set());
    return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  async destroy(
    file: MachineFile,
    keep: ReadonlySet<string>,
  ): Promise<{ deleted: string[]; kept: string[] }> {
    const files = await this.files(file, keep);
    for (const { path, deleted } of files) if (deleted) this.#disks.delete(path);
    if (file.savedFile !== null) await this.deleteSaved(file.savedFile);
    return {
      deleted: files.filter((one) => one.deleted).map((one) => one.path),
      kept: files.filter((one) => !one.deleted).map((one) => one.path),
    };
  }

  async discover(): Promise<readonly []> {
    return [];
  }

  async volumes(): Promise<{ path: string; totalBytes: number; freeBytes: number }[]> {
    const path = `/simulated/${this.#hostName}`;
    return [{ path, totalBytes: 100_000 * giB, freeBytes }];
  }

  async deleteSaved(path: string): Promise<void> {
    this.#saved.delete(path);
    this.#screens.delete(path);
  }

  async keepScreen(path: string, png: Buffer): Promise<void> {
    this.#screens.set(path, png);
  }

  async findScreen(path: string): Promise<Buffer | undefined> {
    return this.#screens.get(path);
  }

  async findSaved(path: string): Promise<SavedGuest['guest'] | undefined> {
    return this.#saved.get(path)?.guest;
  }
}

function place(folder: string, file: string): string {
  return file.startsWith('/') ? file : `${folder}/${file}`;
}
