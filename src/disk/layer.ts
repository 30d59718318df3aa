/**
 * The interface of a disk format: one open file (or set of files) that holds one layer of a disk. A layer
 * says for every byte of the guest what it knows about it; reading through parents, bounds, locks and
 * flushing are done once for all formats in disk.ts. Abilities a format lacks are absent, not failing.
 */
import type { DiskFile } from './file/disk-file.ts';

/**
 * What a layer holds from some guest offset on.
 * data: plain bytes in a file. zero: reads as zeros. absent: this layer says nothing, the parent does (zeros
 * without one). compressed: `read` fills a buffer from the start of the run on, at most `length` bytes.
 */
export type Extent =
  | {
      readonly kind: 'data';
      readonly length: number;
      readonly file: DiskFile;
      readonly fileOffset: number;
    }
  | { readonly kind: 'zero'; readonly length: number }
  | { readonly kind: 'absent'; readonly length: number }
  | {
      readonly kind: 'compressed';
      readonly length: number;
      readonly storedBytes: number;
      read(into: Uint8Array): Promise<void>;
    };

/**
 * What an extent is asked for. `content`: for a few bytes that are read at once, which come sooner than the host says whether
 * they are in a hole; they may be called data. When absent: for what is known of the range.
 */
export type Wanted = 'content';

/** How a layer names its parent. Everything in it comes from the file and is only a claim. */
export interface ParentReference {
  /** Names to try, best first, with `/` between folders; relative ones start at the child's folder. */
  readonly names: readonly string[];
  /** The parent's format where the file records it; then it is never probed. */
  readonly format?: string | undefined;
  /** Identity the parent must have (see `LayerFacts.identity`), where the format has one. */
  readonly identity?: string | undefined;
  /** When the parent last changed as the child recorded it, milliseconds since 1970. */
  readonly modifiedMs?: number | undefined;
}

export interface SnapshotFacts {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly createdMs: number;
  /** Memory of the guest kept with it. */
  readonly stateBytes: number;
}

/** Everything the file says, for inspect. */
export interface LayerFacts {
  /** `fixed`, `dynamic`, `differencing`, `v3`, `streamOptimized`: the format's own word. */
  readonly variant: string;
  /** Of this layer, as children name it. */
  readonly identity?: string | undefined;
  readonly snapshots?: readonly SnapshotFacts[] | undefined;
  /** Fields of the file under the specification's names. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What is odd but harmless, found while opening. */
  readonly remarks: readonly string[];
}

export type FindingKind = 'corruption' | 'leak' | 'oddity';

export interface Finding {
  readonly kind: FindingKind;
  readonly offset: number;
  readonly structure: string;
  readonly text: string;
}

/** Reads what is below the layer (its parent, else zeros): for copy on write. */
export type ReadBelow = (into: Uint8Array, offset: number) => Promise<void>;

/** Where a write goes. */
export interface Place {
  readonly file: DiskFile;
  readonly fileOffset: number;
  /** Bytes of the guest from the offset on that go there, side by side. */
  readonly length: number;
  /** Called when they are there: from then on the layer leads to them. Absent where it does so anyway. */
  settle?(): Promise<void>;
}

/** A whole cluster of the guest as the format stores it. */
export interface StoredCluster {
  /** Of the guest. */
  readonly offset: number;
  readonly stored: Uint8Array;
}

export interface LayerWriter {
  /** Writes within one region (limits.ts); the caller holds the region. Data first, mapping after it. */
  write(from: Uint8Array, offset: number, below: ReadBelow): Promise<void>;
  /**
   * Where a write of the range, or of its first part, would go, for somebody else to put the bytes there; the caller holds
   * the region until it has called `settle`. What is not put there keeps what it was, in new places zeros. Absent where it
   * depends on what is written.
   */
  place?(offset: number, length: number): Promise<Place>;
  /** Makes a range of one region read as zeros, giving space back where that is cheap. */
  zero(offset: number, length: number, below: ReadBelow): Promise<void>;
  /** Makes durable all that finished before the call, in the format's safe order. */
  commit(): Promise<void>;
  /** Mapping changes waiting for a commit. */
  dirtyBytes(): number;
  /** Orderly end: a commit, then whatever marks the file as cleanly closed. */
  finish(): Promise<void>;
  /** Changes the guest-visible size; the caller has made sure that nothing is lost. */
  resize?(sizeBytes: number): Promise<void>;
  /** Stores whole clusters made by `compress`, in ascending order; the caller holds their one region. */
  writeCompressed?(clusters: readonly StoredCluster[]): Promise<void>;
  /** A cluster as the format stores it, in the room given (`packedRoom`); undefined when it would not become smaller. */
  compress?(cluster: Uint8Array, into: Uint8Array): Promise<Uint8Array | undefined>;
  /** Records another parent. */
  setParent?(parent: NewParent): Promise<void>;
}

/** A parent to be recorded in a child. */
export interface NewParent {
  /** Absolute path on this host. */
  readonly path: string;
  /** The same, seen from the child's folder, with `/`. */
  readonly relativePath: string;
  readonly format: string;
  readonly identity: string | undefined;
  readonly modifiedMs: number;
}

export interface LayerPiece {
  /** As it is named. */
  readonly name: string;
  readonly file: DiskFile;
}

/** How an empty disk is laid out that is like this one in all but its content: size, kind, geometry, identity, who made it. */
export interface Twin {
  /** The files of one whose first file has that name, in the order in which they are made; names alone, that one last. */
  files(name: string): readonly string[];
  /** `name`: what the file will be called in the end. */
  layOut(file: DiskFile, options: TwinOptions): Promise<void>;
}

export interface TwinOptions {
  readonly name: string;
  /** Creates a further file beside this one. */
  createNeighbour(name: string): Promise<DiskFile>;
}

export interface Layer {
  /** `raw`, `vhd`, `vhdx`, `qcow2`, `vmdk`, … */
  readonly format: string;
  readonly file: DiskFile;
  readonly sizeBytes: number;
  /** Logical sector of the guest. */
  readonly sectorBytes: number;
  /** Unit of allocation; what is written in whole blocks needs no reading first. */
  readonly blockBytes: number;
  readonly parentReference: ParentReference | undefined;
  /** The longest cheap answer for the offset, at most `limit` long. */
  extentAt(offset: number, limit: number, wanted?: Wanted): Extent | Promise<Extent>;
  /** Absent when opened for reading or when the format or its variant cannot be written. */
  readonly writer?: LayerWriter | undefined;
  describe(): LayerFacts;
  /** Walks all metadata; reports what it finds through `report`. Reads only. */
  check(report: (finding: Finding) => void, signal: AbortSignal | undefined): Promise<void>;
  /** Another view of the same file: an internal snapshot, read-only. */
  openSnapshot?(id: string): Promise<Layer>;
  /** Further files that it consists of, which `file` names, in the order of the disk; none where absent. */
  readonly pieces?: readonly LayerPiece[];
  /** Absent where the format is only read, and of layers with a parent, whose content is not all theirs. */
  readonly twin?: Twin | undefined;
  /** Closes further files it opened itself; `file` is closed by the disk. */
  close(): Promise<void>;
}
