/** What storage with files can do beyond what every storage must: files that travel, and disks by themselves. */
import type {
  Disk,
  DiskCopy,
  DiskWork,
  FileSource,
  GatheredDisk,
  HostUpload,
  KeptContent,
  KeptPart,
  LinkParams,
  LinkResult,
  MovedFile,
  VmDefinition,
} from '#api';
import type { Reason } from '#lib';
import type { SeedRequest } from '#images';
import type { MachineFile } from '../machine/record.ts';
import type { LayerWork } from './layer-storage.ts';

/** Disks by themselves, whoever uses them; `machines` are all of this host. */
export interface DiskCatalogue {
  list(machines: readonly MachineFile[], signal: AbortSignal): Promise<LinkResult<'host.disks'>>;
  /** Errors: `forbidden`, `not-found`. */
  inspect(
    file: string,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<LinkResult<'host.disk'>>;
  /** Of any file. Errors: `forbidden`, `not-found`, `invalid`. */
  identify(file: string): Promise<LinkResult<'host.identify'>>;
  /** Disks that are made from a file, wherever that lies, in the folders and among what machines have. */
  childrenOf(
    file: string,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<readonly string[]>;
}

/** Work on disk files by path, by their verbs. */
export interface DiskWorkshop {
  /** What it would make, change or delete. Errors: as host.disk.plan. */
  plan(
    work: DiskWork,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** Joins what is under way by the same id. Errors: as `plan`; `cancelled`, and those of the verbs. */
  perform(
    asked: DiskWorkAsked,
    machines: readonly MachineFile[],
    work: TravelWork,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves when it has ended. */
  stop(id: string): Promise<void>;
  /** Whether work makes, changes or deletes the file. */
  isChanging(path: string): Promise<boolean>;
}

/** Files inside disks by path. Errors: as the methods of the link. */
export interface DiskInsides {
  look(
    asked: LinkParams<'host.disk.files'>,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<LinkResult<'host.disk.files'>>;
  /** What is at the place, and its bytes, a folder as a tar archive; `send` is given both while the disk is held. */
  read(
    asked: InnerPlace,
    machines: readonly MachineFile[],
    signal: AbortSignal,
    send: (
      facts: LinkResult<'host.disk.file.send'>,
      content: () => AsyncIterable<Buffer>,
    ) => Promise<void>,
  ): Promise<void>;
  /** Resolves when it is on the disk. */
  put(
    asked: InnerPlace & { readonly images: readonly string[] },
    machines: readonly MachineFile[],
    content: InnerContent,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Files as they are, on their way to another computer. Errors: as the methods of the link. */
export interface OutgoingFiles {
  look(
    source: FileSource,
    machines: readonly MachineFile[],
    signal: AbortSignal,
  ): Promise<LinkResult<'host.file.look'>>;
  /** A part of it, while it is held; ends with a fault where the file has changed before its end was sent. */
  send(
    asked: Omit<LinkParams<'host.file.send'>, 'streamId'>,
    machines: readonly MachineFile[],
    signal: AbortSignal,
    send: (content: AsyncIterable<Buffer>) => Promise<void>,
  ): Promise<void>;
}

/** Files on their way to this host. Errors: as the methods of the link. */
export interface IncomingFiles {
  begin(
    asked: LinkParams<'host.upload.begin'>,
    machines: readonly MachineFile[],
  ): Promise<HostUpload>;
  list(): Promise<readonly HostUpload[]>;
  /** `open` begins its bytes. */
  take(
    id: string,
    part: {
      readonly offset: number;
      readonly sizeBytes: number;
      readonly open: () => Promise<AsyncIterable<Uint8Array>>;
    },
    signal: AbortSignal,
  ): Promise<HostUpload>;
  /** Nothing of it is left. */
  stop(id: string): Promise<void>;
}

/** Files between this host and other computers. */
export interface FileExchange {
  readonly outgoing: OutgoingFiles;
  readonly incoming: IncomingFiles;
}

export interface InnerPlace {
  readonly file: string;
  readonly partition: number | null;
  readonly path: string;
}

export interface InnerContent {
  /** A folder comes as a tar archive. */
  readonly kind: 'file' | 'folder';
  readonly sizeBytes: number;
  /** Begun when there is somewhere to put it. */
  readonly open: () => Promise<AsyncIterable<Uint8Array>>;
}

export type DiskWorkAsked = LinkParams<'host.disk.work'>;

/** Folders with copies of machines for other products. */
export interface HandOutFiles {
  /** Whether it was made: the folder with that configuration, which is written last, or the archive that begins with it. Errors: `forbidden`. */
  isThere(wanted: HandedOut): Promise<boolean>;
  /** Makes the folder. Errors: `forbidden`; `exists`, `refused` where it cannot be made; `invalid` for a key that cannot sign. */
  claim(wanted: HandedOut): Promise<void>;
  /** The content of a disk, with all it lies on, as one new file. Errors: `exhausted`, `cancelled`. */
  putDisk(
    machine: Pick<MachineFile, 'folder' | 'layers'>,
    folder: string,
    disk: Omit<HandedOut['disks'][number], 'disk'> & {
      readonly source: Pick<Disk, 'file' | 'format'>;
    },
    work: LayerWork & AmongMachines,
  ): Promise<void>;
  putConfiguration(folder: string, configuration: HandedOut['configuration']): Promise<void>;
  /** With the disks in the folder: the manifest of a package, and its signature. Errors: `invalid` for a key that cannot sign. */
  seal(wanted: HandedOut, signal: AbortSignal): Promise<void>;
  /** The package as one file, which takes what is in the folder. Errors: `exists`, `exhausted`, `cancelled`. */
  pack(wanted: HandedOut, work: LayerWork): Promise<void>;
}

/** Disks of vms that come from another hypervisor of this computer. Errors: `forbidden` outside of the folders for vms. */
export interface HandedOverFiles {
  look(files: readonly string[]): Promise<LinkResult<'machine.handover.look'>>;
  giveBack(owners: LinkParams<'machine.handover.own'>['owners']): Promise<void>;
  /** UEFI variables and TPM of a machine that is off. Errors: `too-large`, `invalid`. */
  readKept(
    machine: Pick<MachineFile, 'file'>,
    parts: readonly KeptPart[],
  ): Promise<readonly KeptContent[]>;
  /** As those of a machine that nobody knows yet. Errors: `invalid`. */
  writeKept(machine: Pick<MachineFile, 'file'>, contents: readonly KeptContent[]): Promise<void>;
}

type HandedOut = Omit<LinkParams<'machine.hand-out'>, 'id' | 'generation' | 'cause'>;

/** How the files of machines come to another place. Nothing that exists is overwritten. */
export interface Travel {
  /** Whether machines may have folders below `parent`. Errors: `forbidden`, `unsupported`. */
  requireParent(parent: string): Promise<void>;
  /** In which the folders of machines are, where nothing is said. */
  usualParent(): string;
  /**
   * An empty folder of its own for a machine, below `parent` (null: the folder for vms). Answers folder and
   * configuration file. Errors: `forbidden`, `exists`.
   */
  claimFolder(
    parent: string | null,
    definition: VmDefinition,
  ): Promise<{ readonly folder: string; readonly file: string }>;
  /**
   * What a machine leaves for another host with, in the same order whenever nothing has changed. Errors: `refused` for a link;
   * `too-large`.
   */
  leaving(machine: MachineFile, gathered: readonly GatheredDisk[]): Promise<readonly LeavingFile[]>;
  /** All that keeps the machine here, and what can be done about it. */
  judgeLeaving(
    machine: MachineFile,
    gathered: readonly GatheredDisk[],
    others: readonly MachineFile[],
  ): Promise<readonly Reason[]>;
  /** What a move to `after` would put where. Errors: `refused` while another machine uses one of the files. */
  planMove(
    before: MachineFile,
    after: MachineFile,
    disks: readonly DiskCopy[],
    others: readonly MachineFile[],
  ): Promise<readonly FileMove[]>;
  /** Takes a name for a file that is to come. Errors: `forbidden`, `exists`. */
  claimFile(path: string): Promise<void>;
  /** Puts each file in its new place; the old ones stay. */
  place(moves: readonly FileMove[], work: TravelWork): Promise<void>;
  /** The saved state belongs to the record as it is now. */
  reconcileSaved(file: MachineFile): Promise<void>;
  /** Removes files and folders; one that ends in a slash if it is empty. What is not there is no error. */
  remove(paths: readonly string[]): Promise<void>;
}

/** Copies of machines on this host. */
export interface Copies {
  /** Makes the disks of `copy` from those of `source`, each one file without parents, and brings its state along. */
  clone(
    source: MachineFile,
    copy: MachineFile,
    disks: readonly DiskCopy[],
    work: TravelWork & AmongMachines,
  ): Promise<void>;
  /** Makes the configuration disk of a machine; whole or not at all with the folder of that. Errors: `unsupported`. */
  putSeed(
    copy: MachineFile,
    seed: Omit<SeedRequest, 'path'> & { readonly signal: AbortSignal },
  ): Promise<void>;
}

/** A file that leaves, and where it is here. */
export type LeavingFile = MovedFile & { readonly source: string };

export interface FileMove {
  readonly from: string;
  readonly to: string;
}

export interface AmongMachines {
  /** All of the host: no name in a file of one leads to what another one has. */
  readonly machines: readonly MachineFile[];
}

export interface TravelWork {
  readonly signal: AbortSignal;
  readonly progress: (progress: number | null, note: string | null) => void;
}
