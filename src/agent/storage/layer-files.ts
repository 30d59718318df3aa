/**
 * Layers of disks as files (docs/rfd/0012), made with qemu-img; merged with it where it can open all that lies below, else
 * by the disk library (served-layers.ts).
 *
 * Invariants: (1) a layer appears under its name by one rename, whole and flushed; nothing that exists is
 * overwritten; (2) a merge leaves the upper file as it is, so that it can be done again.
 */
import { chmod, cp, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { isNative, type Hardware } from '#api';
import { assert, Fault, miB } from '#lib';
import { commitImage, createImage, renameParent, type ImageFormat } from '#qemu';
import type {
  DiskFile,
  LayerPlace,
  LayerStorage,
  LayerWork,
  MergeOptions,
} from '../drivers/layer-storage.ts';
import { ownPlaces, resolveFile } from '../drivers/qemu/places.ts';
import {
  factsOfMemory,
  hashHardware,
  readSavedFacts,
  writeSavedFacts,
} from '../drivers/qemu/saved-facts.ts';
import { filesNamed, quietLayers } from '../machine/layers/carried-layers.ts';
import { layersSchema, type Borrowed, type Layers, type Seal } from '../machine/layers/layers.ts';
import { servedChainOf, withServed, type ServedChain } from '../machine/layers/served-chain.ts';
import type { MachineFile } from '../machine/record.ts';
import { realPath, requireInside } from './allowed.ts';
import { flushFolder, writeFileAtomic } from './atomic-file.ts';
import { isBlankLayer } from './blank-layer.ts';
import { copyFile, type CopyWork } from './copy-file.ts';
import { exists } from './exists.ts';
import { readVolume } from './file-system.ts';
import { usedByOthers } from './list-files.ts';
import { flattenTo } from './flatten-to.ts';
import { findBorrowers, readParents } from './read-parents.ts';
import { readSeal } from './read-seal.ts';
import { parentByRecord, requireNamed } from './recorded-chain.ts';
import { readServedChain, requireSameChain } from './served-chains.ts';
import { mergeServed, requireAlone, sizeOfBase } from './served-layers.ts';
import { storeApart } from './store-apart.ts';

export interface LayerFilesOptions {
  /** Errors: `unsupported` where it is not installed. */
  readonly qemuImg: () => string;
  /** In which parents of disks may lie, beside the vm's own. */
  readonly folders: (own: string) => readonly string[];
  /** Gives a file to the account of the machine. */
  readonly own: (path: string, uid: number | null) => Promise<void>;
}

const maxFileBytes = 4 * miB;

/** The layers as they lie beside the disks, with the version of their form. */
const fileSchema = z.strictObject({
  gantry: z.literal('layers'),
  format: z.literal(1),
  layers: layersSchema,
});

export class LayerFiles implements LayerStorage {
  readonly #options: LayerFilesOptions;

  constructor(options: LayerFilesOptions) {
    this.#options = options;
  }

  async make(machine: LayerPlace, name: string, on: DiskFile, sizeBytes?: number): Promise<void> {
    const path = resolveFile(machine.folder, name);
    const base = { path: resolveFile(machine.folder, on.file), format: on.format };
    const isTold = sizeBytes !== undefined && isNative(on);
    const baseBytes = isTold ? sizeBytes : await sizeOfBase(base);
    if (await exists(path)) {
      throw new Fault('exists', `there is a file ${path} already`, {
        hint: 'move it out of the way',
      });
    }
    const part = `${path}.part`;
    await rm(part, { force: true });
    try {
      const backing = { path: base.path, format: qemuWord(on.format) };
      const image = {
        path: part,
        format: 'qcow2',
        backing,
        sizeBytes: sizeBytes ?? baseBytes,
      } as const;
      await createImage(this.#options.qemuImg(), image);
      await this.#options.own(part, machine.uid);
      await flush(part);
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    await flushFolder(dirname(path));
  }

  async readSeal(machine: LayerPlace, file: string): Promise<Seal | 'missing' | 'unreadable'> {
    try {
      return await readSeal(resolveFile(machine.folder, file));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'unreadable';
    }
  }

  async protect(machine: LayerPlace, file: string): Promise<void> {
    const path = resolveFile(machine.folder, file);
    const { mode } = await stat(path);
    if ((mode & 0o222) !== 0) await chmod(path, mode & 0o555);
  }

  /** Its account may have changed meanwhile: only who may write is put back, not for whom. */
  async unprotect(machine: LayerPlace, file: string, mode: number): Promise<void> {
    const path = resolveFile(machine.folder, file);
    const now = await stat(path);
    await chmod(path, (now.mode & 0o777) | (mode & 0o222));
  }

  async merge(machine: LayerPlace, merge: MergeOptions): Promise<void> {
    const { chain, lower, machines, signal, onProgress } = merge;
    const [upper, ...below] = chain.map(({ file, format }) => ({
      path: resolveFile(machine.folder, file),
      format,
    }));
    const into = resolveFile(machine.folder, lower);
    const target = below.find(({ path }) => path === into);
    assert(upper !== undefined && target !== undefined, 'the lower file is below the upper one');
    await requireNamed(machine.folder, chain);
    await this.unprotect(machine, lower, 0o200);
    if (!chain.every(isNative)) {
      const uppers = [upper, ...below.slice(0, below.indexOf(target))];
      const folders = this.#options.folders(machine.folder);
      const owner = machines.find(({ folder }) => folder === machine.folder);
      const own = chain.find(({ file }) => file === lower);
      assert(owner !== undefined && own !== undefined, 'the machine is among all of the host');
      const parent = await parentByRecord(owner, own, folders);
      await mergeServed(uppers, { ...target, parent }, storeApart(folders, machines), merge);
      return flush(into);
    }
    await commitImage(this.#options.qemuImg(), {
      path: upper.path,
      format: 'qcow2',
      into,
      signal,
      onProgress: (percent) => onProgress(percent / 100),
    });
    await flush(into);
  }

  async requireAlone(machine: LayerPlace, base: DiskFile): Promise<void> {
    if (isNative(base)) return;
    await requireAlone({ path: resolveFile(machine.folder, base.file), format: base.format });
  }

  async findParents(
    machine: LayerPlace,
    file: string,
    machines: readonly MachineFile[],
  ): Promise<Borrowed[] | null> {
    const { folder } = machine;
    const path = resolveFile(folder, file);
    const place = { folder, folders: this.#options.folders(folder), others: machines };
    const found = await readParents(path, place);
    if (found === null) return null;
    const parents: Borrowed[] = [];
    for (const parent of found)
      parents.push({ ...parent, seal: await readSeal(resolveFile(folder, parent.file)) });
    return parents;
  }

  async findServed(
    machine: MachineFile,
    { file, format }: DiskFile,
    others: readonly MachineFile[],
  ): Promise<ServedChain | null> {
    const { folder } = machine;
    const store = storeApart(this.#options.folders(folder), [...others, machine]);
    const path = resolveFile(folder, file);
    const chain = await readServedChain({ path, format }, folder, store);
    return chain && { disk: file, ...chain };
  }

  async requireServed(
    machine: MachineFile,
    { file, format }: DiskFile,
    others: readonly MachineFile[],
  ): Promise<void> {
    const { folder, layers } = machine;
    const chain = servedChainOf(layers, { file });
    const path = resolveFile(folder, file);
    if (chain === undefined || !(await exists(path))) return;
    const store = storeApart(this.#options.folders(folder), [...others, machine]);
    await requireSameChain({ path, format }, folder, chain, store);
  }

  findBorrowers(
    machine: LayerPlace,
    files: readonly string[],
    machines: readonly MachineFile[],
  ): Promise<string[]> {
    return findBorrowers(
      files.map((file) => resolveFile(machine.folder, file)),
      machines,
    );
  }

  async linkFrom(machine: LayerPlace, to: LayerPlace, file: string): Promise<void> {
    const from = resolveFile(machine.folder, file);
    const path = resolveFile(to.folder, file);
    try {
      await link(from, path);
    } catch (cause) {
      throw new Fault('refused', `cannot give ${from} a second name in ${to.folder}`, {
        cause,
        hint: 'a linked clone must be on the volume of its vm, and that must know hard links; or make a full clone',
      });
    }
    await this.#options.own(path, to.uid);
    await flushFolder(to.folder);
  }

  async countNames(machine: LayerPlace, file: string): Promise<number> {
    const stats = await stat(resolveFile(machine.folder, file)).catch(() => undefined);
    return stats?.nlink ?? 0;
  }

  isBlank(machine: LayerPlace, file: string): Promise<boolean> {
    return isBlankLayer(resolveFile(machine.folder, file));
  }

  async copyBeside(
    machine: LayerPlace,
    file: string,
    work: Parameters<LayerStorage['copyBeside']>[2],
  ): Promise<Seal> {
    const path = resolveFile(machine.folder, file);
    const copy = copyOf(path);
    const { size } = await stat(path);
    await rm(copy, { force: true });
    await copyFile(path, copy, metered(size, work));
    await this.#options.own(copy, machine.uid);
    return await readSeal(copy);
  }

  async copyWhole(
    machine: LayerPlace,
    file: string,
    parent: DiskFile,
    { signal, onProgress }: LayerWork,
  ): Promise<Seal> {
    const path = resolveFile(machine.folder, file);
    const below = { path: resolveFile(machine.folder, parent.file), format: parent.format };
    const copy = copyOf(path);
    await rm(copy, { force: true });
    await flattenTo(copy, { path, parent: below }, this.#options.folders(machine.folder), {
      signal,
      onProgress,
    });
    await chmod(copy, (await stat(path)).mode & 0o777);
    await this.#options.own(copy, machine.uid);
    return await readSeal(copy);
  }

  async copyLayer(
    machine: LayerPlace,
    { from, to, parent }: Parameters<LayerStorage['copyLayer']>[1],
    work: Parameters<LayerStorage['copyLayer']>[2],
  ): Promise<void> {
    const [source, path] = [from, to].map((file) => resolveFile(machine.folder, file));
    assert(source !== undefined && path !== undefined, 'two files');
    const { size } = await stat(source);
    await copyFile(source, path, metered(size, work));
    await this.#options.own(path, machine.uid);
    if (parent !== null) await this.renameParent(machine, to, parent);
    await flushFolder(dirname(path));
  }

  async putCopy(machine: LayerPlace, file: string): Promise<void> {
    const path = resolveFile(machine.folder, file);
    await rename(copyOf(path), path);
    await flushFolder(dirname(path));
  }

  async renameParent(machine: LayerPlace, file: string, parent: DiskFile): Promise<void> {
    const path = resolveFile(machine.folder, file);
    await this.unprotect(machine, file, 0o200);
    const backing = {
      path: resolveFile(machine.folder, parent.file),
      format: qemuWord(parent.format),
    };
    await renameParent(this.#options.qemuImg(), { path, format: 'qcow2', backing });
    await flush(path);
  }

  async keepState(machine: LayerPlace, name: string): Promise<void> {
    const folder = join(machine.folder, name);
    await mkdir(folder, { mode: 0o700, recursive: true });
    for (const { path, kept } of statePlaces(machine, folder)) {
      await rm(kept, { recursive: true, force: true });
      if (!(await exists(path))) continue;
      await cp(path, kept, { recursive: true, preserveTimestamps: true });
    }
    await flushFolder(folder);
    await flushFolder(machine.folder);
  }

  memoryPath(machine: LayerPlace, name: string): string {
    return join(machine.folder, name, 'memory');
  }

  async memoryBytes(machine: LayerPlace, name: string): Promise<number | null> {
    const stats = await stat(this.memoryPath(machine, name)).catch(() => undefined);
    return stats?.size ?? null;
  }

  async carryMemory(
    machine: LayerPlace,
    name: string,
    before: Hardware,
    after: Hardware,
  ): Promise<void> {
    const path = factsOfMemory(this.memoryPath(machine, name));
    const facts = await readSavedFacts(path);
    if (facts?.hardwareHash !== hashHardware(before)) return;
    await writeSavedFacts(path, { ...facts, hardwareHash: hashHardware(after) });
  }

  /** A second name costs nothing; a volume that knows none gets a copy. */
  async recallMemory(machine: LayerPlace, name: string): Promise<string> {
    const { saved, savedFacts, savedScreen } = ownPlaces(machine);
    const path = this.memoryPath(machine, name);
    for (const one of [saved, savedScreen]) await rm(one, { force: true });
    await cp(`${path}.json`, savedFacts);
    await link(path, saved).catch(() => cp(path, saved));
    await flushFolder(machine.folder);
    return saved;
  }

  async copyState(machine: LayerPlace, name: string | null, to: LayerPlace): Promise<void> {
    const own = statePlaces(machine, join(machine.folder, name ?? '.'));
    for (const [index, { path: target }] of statePlaces(to, to.folder).entries()) {
      const from = name === null ? own[index]?.path : own[index]?.kept;
      if (from === undefined || !(await exists(from))) continue;
      await cp(from, target, { recursive: true, preserveTimestamps: true });
    }
    await flushFolder(to.folder);
  }

  async restoreState(machine: LayerPlace, name: string): Promise<void> {
    for (const { path, kept } of statePlaces(machine, join(machine.folder, name))) {
      await rm(path, { recursive: true, force: true });
      if (await exists(kept)) await cp(kept, path, { recursive: true, preserveTimestamps: true });
    }
    await flushFolder(machine.folder);
  }

  async remove(machine: LayerPlace, file: string): Promise<void> {
    const path = resolveFile(machine.folder, file);
    for (const one of [path, `${path}.part`]) await rm(one, { recursive: true, force: true });
  }

  async findUser(
    machine: LayerPlace,
    file: string,
    others: readonly MachineFile[],
  ): Promise<string | undefined> {
    const users = await usedByOthers(others);
    return users.get(await realPath(resolveFile(machine.folder, file)));
  }

  async freeBytes(machine: LayerPlace, file: string): Promise<number> {
    return (await readVolume(resolveFile(machine.folder, file))).freeBytes;
  }

  async sizeOf(machine: LayerPlace, file: string): Promise<number> {
    const stats = await stat(resolveFile(machine.folder, file)).catch(() => undefined);
    return (stats?.blocks ?? 0) * 512;
  }

  /** Beside the definition, so that the folder can be carried elsewhere. */
  async write(machine: LayerPlace, all: Layers): Promise<void> {
    const { layers: path } = ownPlaces(machine);
    // Whoever takes the folder in reads these anew, and nothing is under way there.
    const { merging: _, ...layers } = withServed(all, []);
    if (layers.tops.length === 0 && layers.snapshots.length === 0) {
      await rm(path, { force: true });
      return;
    }
    const text = JSON.stringify({ gantry: 'layers', format: 1, layers }, undefined, 2);
    await writeFileAtomic(path, `${text}\n`, { mode: 0o600, durability: 'flushed' });
  }

  async read(machine: Pick<LayerPlace, 'file'>): Promise<Layers | undefined> {
    const { layers: path } = ownPlaces(machine);
    const text = await readBounded(path);
    if (text === undefined) return undefined;
    const parsed = fileSchema.safeParse(parseJson(text));
    if (parsed.success) {
      const layers = quietLayers(parsed.data.layers);
      const folder = dirname(machine.file);
      for (const name of filesNamed(layers))
        await requireInside(resolveFile(folder, name), this.#options.folders(folder));
      return layers;
    }
    throw new Fault('invalid', `${path} does not tell of the layers of disks`, {
      cause: parsed.error,
      hint: 'it belongs to the disks: bring back the one that they were carried with',
    });
  }
}

function metered(sizeBytes: number, work: LayerWork & { readonly limit: () => number }): CopyWork {
  let doneBytes = 0;
  return {
    signal: work.signal,
    limit: work.limit,
    onBytes: (bytes) => {
      doneBytes += bytes;
      work.onProgress(sizeBytes === 0 ? 1 : doneBytes / sizeBytes);
    },
  };
}

/** What belongs to a machine beside its disks, and where a snapshot keeps it. */
function statePlaces(machine: LayerPlace, folder: string): { path: string; kept: string }[] {
  const { firmware, tpm } = ownPlaces(machine);
  return [
    { path: firmware, kept: join(folder, 'firmware') },
    { path: tpm, kept: join(folder, 'tpm') },
  ];
}

/** As the header of a layer names the format of what it lies on. Others are never written, and have no layers. */
function qemuWord(format: DiskFile['format']): ImageFormat {
  switch (format) {
    case 'qcow2':
    case 'raw':
    case 'vhdx':
    case 'vmdk':
      return format;
    case 'vhd':
      return 'vpc';
    case 'vdi':
    case 'qed':
    case 'parallels':
    case 'qcow1':
      throw new Fault('unsupported', `no layers lie on a disk in ${format}, which is only read`);
  }
}

/** Where a copy waits until it takes the name of its file. */
function copyOf(path: string): string {
  return `${path}.own.part`;
}

async function readBounded(path: string): Promise<string | undefined> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > maxFileBytes) throw new Fault('too-large', `${path} has ${size} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
