/** What storage is to an agent: where the files of machines are, and what can be done with them there. */
import type {
  Disk,
  DiskCompact,
  ForeignMachine,
  HostTrouble,
  ImportSources,
  LinkResult,
  VmDefinition,
} from '#api';
import type { Digest } from '#foreign';
import type { LayerStorage, LayerWork } from './layer-storage.ts';
import type { MachineFile } from '../machine/record.ts';
import type {
  Copies,
  DiskCatalogue,
  DiskInsides,
  FileExchange,
  DiskWorkshop,
  HandedOverFiles,
  HandOutFiles,
  Travel,
} from './files.ts';

/** Where the files of machines are. */
export interface Storage {
  readonly layers: LayerStorage;
  /** Makes the folder; answers folder and configuration file, both absolute. */
  makeFolder(definition: VmDefinition): Promise<{ readonly folder: string; readonly file: string }>;
  writeDefinition(file: MachineFile): Promise<void>;
  readDefinition(path: string): Promise<VmDefinition>;
  /** Errors: `unsupported` for a folder whose files have no owners, unless the host's settings allow it (HOST-38). */
  requirePermissions(folder: string): Promise<void>;
  createDisk(
    file: Pick<MachineFile, 'folder' | 'uid'>,
    source: DiskSourceLike,
    signal: AbortSignal,
    onProgress?: (progress: number) => void,
  ): Promise<{ readonly file: string; readonly sizeBytes: number }>;
  inspectDisk(
    folder: string | null,
    file: string,
    format: Disk['format'],
    signal: AbortSignal,
  ): Promise<DiskFacts>;
  /** Absent where there are no files. Nothing lies on the disk, and nobody uses it. Errors: `refused`, `exhausted`. */
  compactDisk?(
    file: MachineFile,
    disk: Disk,
    wish: DiskCompact,
    work: LayerWork,
  ): Promise<LinkResult<'machine.disk.compact'>>;
  /** Absent where there are no files. The same. Errors: `invalid` for a size that the format cannot have; `exhausted`. */
  resizeDisk?(file: MachineFile, disk: Disk, sizeBytes: number, signal: AbortSignal): Promise<void>;
  /**
   * A differencing disk over one of the machine that is served to it (docs/rfd/0027), in the same format. Made once: asked
   * for again it is there. Absent where there are no files. Errors: `exists` for another file of its name.
   */
  makeChild?(file: MachineFile, parent: Disk, child: Disk, signal: AbortSignal): Promise<void>;
  /** Absent where disks are not served. */
  readonly twins?: DiskTwins;
  /** What the file of a disk is. Absent where there are no files. */
  describeDisk?(file: MachineFile, disk: Disk): Promise<LinkResult<'machine.disk.put-child'>>;
  /** Bytes that the disks will need at once, before anything is written (VM-03). */
  spaceFor(sources: readonly DiskSourceLike[]): Promise<number>;
  /** Errors: `refused` while another machine uses it. */
  deleteDisk(folder: string, file: string, others: readonly MachineFile[]): Promise<void>;
  /** `keep` are files that others use, as the coordinator knows; `others` those of this host. */
  files(
    file: MachineFile,
    keep: ReadonlySet<string>,
    others: readonly MachineFile[],
  ): Promise<readonly StoredFile[]>;
  /**
   * What all files of the machine take up on their volumes, in bytes: those that `files` knows the role of, wherever they
   * lie, and no parents of other machines. Cheap: no file is opened. Errors: those of the file system.
   */
  occupiedBytes(file: MachineFile): Promise<number>;
  /** Deletes what `files` says a delete deletes. */
  destroy(
    file: MachineFile,
    keep: ReadonlySet<string>,
    others: readonly MachineFile[],
  ): Promise<{ readonly deleted: string[]; readonly kept: string[] }>;
  /** Definitions below the folders, for discovery. */
  discover(folders: readonly string[], signal: AbortSignal): Promise<readonly FoundDefinition[]>;
  /** Those that the host lists, and those of the other folders. */
  volumes(
    also?: readonly string[],
  ): Promise<readonly { path: string; totalBytes: number; freeBytes: number }[]>;
  /**
   * Disks of the machine that may still take up more of the volume, by the path under which `volumes` lists it. Absent
   * where there are no files.
   */
  growingOn?(volume: string, file: MachineFile): Promise<readonly Disk[]>;
  /** Of the saved state: all that is kept with it, too. */
  deleteSaved(path: string): Promise<void>;
  /** With the saved state at the path, until that is deleted. PNG. */
  keepScreen(path: string, png: Buffer): Promise<void>;
  /** As it was kept; undefined where it was not. Errors: `too-large` for a file that cannot be one. */
  findScreen(path: string): Promise<Buffer | undefined>;
  /** What the guest of the saved state did when it was saved; undefined where there is no such state. */
  findSaved(path: string): Promise<'ran' | 'paused' | undefined>;
  /** What there is to know of an entire drive of the host. Absent where there are none. Errors: `not-found`, `invalid`. */
  drive?(device: string): Promise<LinkResult<'host.drive'>>;
  /** Absent where there are no files. Errors: `forbidden`, `not-found`, `unsupported`, `invalid`. */
  readForeign?(file: string, signal: AbortSignal): Promise<ForeignMachine>;
  /** A file of a disk comes to hold what the source holds. Absent where there are no files. Errors: `forbidden`, `invalid`, `exhausted`. */
  matchDisk?(
    file: MachineFile,
    layer: string,
    source: { readonly sourcePath: string; readonly sourceFormat: string },
    work: LayerWork,
  ): Promise<void>;
  readonly travel?: Travel;
  /** These three are absent where machines have no files to copy. */
  readonly copies?: Copies;
  readonly handOut?: HandOutFiles;
  readonly handedOver?: HandedOverFiles;
  /** Images for drives in the folders that vms may use. Absent where there are no files, as are the next ones. */
  media?(signal: AbortSignal): Promise<Omit<LinkResult<'host.media'>, 'inserted'>>;
  /** What vms of other products can be imported from, in the same folders. */
  importSources?(signal: AbortSignal): Promise<ImportSources>;
  readonly catalogue?: DiskCatalogue;
  readonly works?: DiskWorkshop;
  readonly insides?: DiskInsides;
  readonly exchange?: FileExchange;
  /** What is wrong with a machine though nobody starts it; cheap, without any side effect. Absent where there are no files. */
  findTroubles?(file: MachineFile): Promise<readonly Omit<HostTrouble, 'vmId'>[]>;
}

/** Empty disks that are like one of a machine, which is served to it, in all but their content: what that is copied into. */
export interface DiskTwins {
  /** All files of the disk, and all of the one like it, absolute. Errors: `unsupported` where none can be made. */
  plan(
    file: MachineFile,
    disk: Disk,
    to: string,
  ): Promise<{ readonly from: string[]; readonly to: string[] }>;
  /** Whole or not at all. Errors: `exists`, `exhausted`. */
  make(file: MachineFile, disk: Disk, to: string): Promise<void>;
}

export type DiskSourceLike =
  | {
      readonly kind: 'new';
      readonly file: string;
      readonly format: 'qcow2' | 'raw';
      readonly sizeBytes: number;
      /** `fixed`: all of its space is taken at once; only of the format raw. */
      readonly allocation?: 'dynamic' | 'fixed' | undefined;
    }
  | {
      readonly kind: 'image';
      readonly file: string;
      readonly format: 'qcow2' | 'raw';
      readonly sizeBytes: number;
      readonly imagePath: string;
      readonly imageFormat: 'qcow2' | 'raw';
    }
  | {
      readonly kind: 'foreign';
      readonly file: string;
      readonly format: 'qcow2' | 'raw';
      readonly sizeBytes: number;
      readonly sourcePath: string;
      /** As the disk library calls it. */
      readonly sourceFormat: string;
      /** What the file has to be. */
      readonly digest?: Digest | undefined;
    }
  | {
      readonly kind: 'drive';
      readonly file: string;
      readonly format: 'qcow2' | 'raw';
      readonly sizeBytes: number;
      readonly device: string;
      readonly allocation: 'dynamic' | 'fixed';
    };

export interface DiskFacts {
  readonly sizeBytes: number;
  readonly fileBytes: number;
  readonly backing: string | null;
  /** Whether a system starts from it, as far as one can look. */
  readonly system: boolean;
}

export interface FoundDefinition {
  readonly file: string;
  readonly folder: string;
  readonly definition: VmDefinition;
}

export type FileRole =
  | 'configuration'
  | 'disk'
  | 'undo'
  | 'snapshot'
  | 'saved-state'
  | 'firmware'
  | 'tpm'
  | 'log'
  | 'port'
  | 'other';

export interface StoredFile {
  readonly path: string;
  readonly role: FileRole;
  readonly sizeBytes: number;
  /** Of a disk: its size. */
  readonly maxBytes: number | null;
  /** Of its volume. */ readonly freeBytes: number | null;
  /** That a layer lies on. */
  readonly parent: string | null;
  readonly deleted: boolean;
  readonly keptBecause: string | null;
  /** Ids of vms with the same file under names of their own. */ readonly sharedWith?: string[];
}
