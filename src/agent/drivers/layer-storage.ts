/** What a driver's storage does with layers of disks (docs/rfd/0012). */
import type { Hardware } from '#api';
import type { Borrowed, Layer, Layers, Seal } from '../machine/layers/layers.ts';
import type { ServedChain } from '../machine/layers/served-chain.ts';
import type { MachineFile } from '../machine/record.ts';

/** Whose layers: the folder that names are in, and the account that files are for. */
export type LayerPlace = Pick<MachineFile, 'folder' | 'file' | 'uid'>;

export interface LayerWork {
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly onProgress: (part: number) => void;
}

/** A file of a disk, in whichever format. */
export type DiskFile = Pick<Layer, 'file' | 'format'>;

export interface MergeOptions extends LayerWork {
  /** From the upper one down to the lowest of all. */
  readonly chain: readonly DiskFile[];
  /** In that chain, with nothing else on it: what the ones above it hold is written into it. */
  readonly lower: string;
  /** All of the host: no name in a file leads to what another one has. */
  readonly machines: readonly MachineFile[];
}

/** Layers of disks (docs/rfd/0012). Files are named as in `Layers`. */
export interface LayerStorage {
  /**
   * An empty layer, whole or not at all. Of a disk that a process has open its size must be told. Errors: `exists`,
   * `exhausted`; `refused` on a disk in several files.
   */
  make(machine: LayerPlace, name: string, on: DiskFile, sizeBytes?: number): Promise<void>;
  /** What a file is known by now, or why that cannot be said. */
  readSeal(machine: LayerPlace, file: string): Promise<Seal | 'missing' | 'unreadable'>;
  /** Takes from everybody the right to write it. */
  protect(machine: LayerPlace, file: string): Promise<void>;
  unprotect(machine: LayerPlace, file: string, mode: number): Promise<void>;
  /** Leaves the upper ones as they are, so that it can be done again. Errors: `exhausted`, `cancelled`. */
  merge(machine: LayerPlace, merge: MergeOptions): Promise<void>;
  /** Errors: `refused` for a file of another product's that is not all of its disk: it has parents. */
  requireAlone(machine: LayerPlace, file: DiskFile): Promise<void>;
  /**
   * The parents that a file of a qcow2 disk names, the nearest first; null: it is not there. Errors: `forbidden`, `not-found`, `corrupt`, `unsupported`;
   * `refused` for one that one of the machines writes.
   */
  findParents(
    machine: LayerPlace,
    file: string,
    machines: readonly MachineFile[],
  ): Promise<Borrowed[] | null>;
  /**
   * What a disk that is served consists of and is made from, as its files say; null: it is not there. Errors: as the disk library's; `refused`
   * for a name that leads to what another of the machines has.
   */
  findServed(
    machine: MachineFile,
    disk: DiskFile,
    others: readonly MachineFile[],
  ): Promise<ServedChain | null>;
  /** Errors: `refused` where the files of a disk that is served lead to others than the record has; where they cannot be followed. */
  requireServed(
    machine: MachineFile,
    disk: DiskFile,
    others: readonly MachineFile[],
  ): Promise<void>;
  /** Names of the machines that have a disk made from one of the files. */
  findBorrowers(
    machine: LayerPlace,
    files: readonly string[],
    machines: readonly MachineFile[],
  ): Promise<string[]>;
  /** Gives a file that nobody writes a second name, in the folder of another machine. Errors: `refused`, `exists`. */
  linkFrom(machine: LayerPlace, to: LayerPlace, file: string): Promise<void>;
  /** How many names a file has on its volume; 0 when it is not there. */
  countNames(machine: LayerPlace, file: string): Promise<number>;
  /** Whether a layer holds nothing of its own. */
  isBlank(machine: LayerPlace, file: string): Promise<boolean>;
  /** A copy of a file, beside it, that is to take its name, with at most that many bytes per second (0: no limit); answers what it is known by. Errors: `exhausted`, `cancelled`. */
  copyBeside(
    machine: LayerPlace,
    file: string,
    work: LayerWork & { readonly limit: () => number },
  ): Promise<Seal>;
  /** The same of a disk's file with all that the parent holds in it; what is inside the file is not taken along. Errors: also `refused` for that. */
  copyWhole(machine: LayerPlace, file: string, parent: DiskFile, work: LayerWork): Promise<Seal>;
  /** Gives the copy the name. Without a copy nothing is done. */
  putCopy(machine: LayerPlace, file: string): Promise<void>;
  /**
   * A copy of a file that nobody writes under another name, which names that parent (null: none), with at most that many
   * bytes per second (0: no limit). Errors: `exhausted`, `cancelled`; without the name there is no copy.
   */
  copyLayer(
    machine: LayerPlace,
    copy: { readonly from: string; readonly to: string; readonly parent: DiskFile | null },
    work: LayerWork & { readonly limit: () => number },
  ): Promise<void>;
  /** Names another parent in a file, whose content is the same on it. */
  renameParent(machine: LayerPlace, file: string, parent: DiskFile): Promise<void>;
  /** Copies firmware variables and TPM, where there are any, into a folder of that name. */
  keepState(machine: LayerPlace, name: string): Promise<void>;
  /** Where memory goes that is kept in the folder of that name. */
  memoryPath(machine: LayerPlace, name: string): string;
  /** Of the memory that is kept there; null: none, or not whole. */
  memoryBytes(machine: LayerPlace, name: string): Promise<number | null>;
  /** The memory belongs to a machine with this hardware from now on, where it belonged to one with that before: the same one, with its files elsewhere. */
  carryMemory(machine: LayerPlace, name: string, before: Hardware, after: Hardware): Promise<void>;
  /** That memory once more, as the saved state of the machine; answers its path. */
  recallMemory(machine: LayerPlace, name: string): Promise<string>;
  /** Copies those of a machine, or those that a folder of its keeps, to another machine. */
  copyState(machine: LayerPlace, name: string | null, to: LayerPlace): Promise<void>;
  /** Makes them what the folder keeps. Can be done again. */
  restoreState(machine: LayerPlace, name: string): Promise<void>;
  /** A file or a folder. */
  remove(machine: LayerPlace, file: string): Promise<void>;
  /** Another vm that has a disk on the file. */
  findUser(
    machine: LayerPlace,
    file: string,
    others: readonly MachineFile[],
  ): Promise<string | undefined>;
  /** What it takes up on the host; 0 when it is not there. */
  sizeOf(machine: LayerPlace, file: string): Promise<number>;
  /** Of the volume of the file. */
  freeBytes(machine: LayerPlace, file: string): Promise<number>;
  /** Keeps what the record says beside the disks. */
  write(machine: LayerPlace, layers: Layers): Promise<void>;
  /** What is said to be under way is left out. Errors: `invalid`; `forbidden` for files that no vm may use. Undefined: the disks have none. */
  read(machine: Pick<LayerPlace, 'file'>): Promise<Layers | undefined>;
}
