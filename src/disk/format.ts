/** What a format gives to the room: how it is recognised, opened and created. Rows of formats.ts. */
import type { DiskFile } from './file/disk-file.ts';
import type { Layer, NewParent } from './layer.ts';
import type { PageJournal } from './page-journal.ts';

/** The first and last bytes of a file, enough to recognise every format. */
export interface Probe {
  readonly sizeBytes: number;
  /** The first 4096 bytes, fewer in a smaller file. */
  readonly head: Buffer;
  /** The last 512 bytes. */
  readonly tail: Buffer;
}

export interface LayerSource {
  readonly file: DiskFile;
  /** Opens a file that this one names, in the same mode; only within the folders allowed. */
  openNeighbour(name: string): Promise<DiskFile>;
  /** Of a disk whose writes are not lost with the program that made them. */
  readonly journal?: PageJournal | undefined;
}

export interface CreateOptions {
  readonly sizeBytes: number;
  /** One of the format's `variants`; its first when absent. */
  readonly variant?: string | undefined;
  /** Unit of allocation; the format's usual one when absent. */
  readonly blockBytes?: number | undefined;
  readonly sectorBytes?: number | undefined;
  /** Makes a differencing layer over it. */
  readonly parent?: NewParent | undefined;
  readonly compression?: 'zlib' | 'zstd' | undefined;
  /** `full` takes the space from the volume now. */
  readonly preallocation?: 'none' | 'full' | undefined;
  /** The name that the file will have in the end; its present one when absent. */
  readonly name?: string | undefined;
  /** Creates a further file beside this one, for formats that consist of several. */
  createNeighbour?(name: string): Promise<DiskFile>;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Sixteen random bytes, for identities. */
  newIdentity(): Buffer;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the space that is taken at once, since the last call. */
  readonly onFill?: ((bytes: number) => void) | undefined;
}

export interface Format {
  readonly name: string;
  /** As people know it. */
  readonly title: string;
  readonly suffixes: readonly string[];
  /** Kinds that can be created, the usual one first; empty where the format is only read. */
  readonly variants: readonly string[];
  recognise(probe: Probe): boolean;
  open(source: LayerSource): Promise<Layer>;
  /** Lays out an empty disk in an empty file. Absent where the format is only read. */
  create?(file: DiskFile, options: CreateOptions): Promise<void>;
  /** The size a new disk really gets, where the format cannot have every size. */
  roundSize?(sizeBytes: number, variant: string | undefined): number;
}
