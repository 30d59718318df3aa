/** Layers of simulated disks: names and sizes. A layer grows to a share of its disk at once. */
import { Fault, giB, miB } from '#lib';
import type { Layers, Seal } from '../../machine/layers/layers.ts';
import type { ServedChain } from '../../machine/layers/served-chain.ts';
import type { MachineFile } from '../../machine/record.ts';
import type { SavedGuest } from './saved-guest.ts';
import type { DiskFile, LayerPlace, LayerStorage, MergeOptions } from '../layer-storage.ts';

const layerBytes = 64 * miB;

export class SimulatedLayers implements LayerStorage {
  readonly #sizes = new Map<string, number>();
  readonly #saved: Map<string, SavedGuest>;

  constructor(saved: Map<string, SavedGuest>) {
    this.#saved = saved;
  }

  async make(machine: LayerPlace, name: string): Promise<void> {
    const path = resolveSimulated(machine, name);
    if (this.#sizes.has(path)) throw new Fault('exists', `there is a file ${path} already`);
    this.#sizes.set(path, layerBytes);
  }

  async readSeal(): Promise<Seal> {
    return { sizeBytes: 0, modified: '0', head: '', mode: 0o600 };
  }

  async protect(): Promise<void> {}

  async unprotect(): Promise<void> {}

  async merge(_: LayerPlace, { onProgress }: MergeOptions): Promise<void> {
    onProgress(1);
  }

  async requireAlone(): Promise<void> {}

  async findParents(): Promise<[]> {
    return [];
  }

  async findServed(_: MachineFile, { file }: DiskFile): Promise<ServedChain> {
    return { disk: file, parts: [], parents: [] };
  }

  async requireServed(): Promise<void> {}

  async findBorrowers(): Promise<[]> {
    return [];
  }

  async linkFrom(_: LayerPlace, to: LayerPlace, file: string): Promise<void> {
    this.#sizes.set(resolveSimulated(to, file), layerBytes);
  }

  async countNames(): Promise<number> {
    return 1;
  }

  async isBlank(): Promise<boolean> {
    return false;
  }

  async copyBeside(): Promise<Seal> {
    return await this.readSeal();
  }

  async copyWhole(): Promise<Seal> {
    return await this.readSeal();
  }

  async putCopy(): Promise<void> {}

  async copyLayer(): Promise<void> {}

  async carryMemory(): Promise<void> {}

  memoryPath(machine: LayerPlace, name: string): string {
    return resolveSimulated(machine, `${name}/memory`);
  }

  async memoryBytes(machine: LayerPlace, name: string): Promise<number | null> {
    return this.#saved.get(this.memoryPath(machine, name))?.sizeBytes ?? null;
  }

  async recallMemory(machine: LayerPlace, name: string): Promise<string> {
    const path = `${machine.file.replace(/\.[^./]*$/, '')}.saved`;
    const kept = this.#saved.get(this.memoryPath(machine, name));
    if (kept !== undefined) this.#saved.set(path, kept);
    return path;
  }

  /** The memory that its snapshots keep, as the record says. */
  recall(machine: LayerPlace, { snapshots }: Layers): void {
    for (const { memory, state, takenWhile } of snapshots) {
      if (memory === null) continue;
      const guest = takenWhile === 'running' ? 'ran' : 'paused';
      this.#saved.set(this.memoryPath(machine, state), { sizeBytes: memory.sizeBytes, guest });
    }
  }

  async copyState(): Promise<void> {}

  async renameParent(): Promise<void> {}

  async keepState(): Promise<void> {}

  async restoreState(): Promise<void> {}

  async remove(machine: LayerPlace, file: string): Promise<void> {
    this.#sizes.delete(resolveSimulated(machine, file));
  }

  async findUser(
    machine: LayerPlace,
    file: string,
    others: readonly MachineFile[],
  ): Promise<string | undefined> {
    const path = resolveSimulated(machine, file);
    const user = others.find((other) =>
      other.definition.hardware.disks.some((disk) => resolveSimulated(other, disk.file) === path),
    );
    return user?.definition.name;
  }

  /** Of a fleet that was there before this process, too. */
  async sizeOf(machine: LayerPlace, file: string): Promise<number> {
    return this.#sizes.get(resolveSimulated(machine, file)) ?? layerBytes;
  }

  async freeBytes(): Promise<number> {
    return 60_000 * giB;
  }

  async write(): Promise<void> {}

  async read(): Promise<undefined> {
    return undefined;
  }
}

/** Absolute. */
export function resolveSimulated({ folder }: Pick<LayerPlace, 'folder'>, file: string): string {
  return file.startsWith('/') ? file : `${folder}/${file}`;
}
