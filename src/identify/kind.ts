/** What a row of the tables says, and what it is given to look at. */

export type FileGroup =
  | 'disk'
  | 'cd'
  | 'floppy'
  | 'configuration'
  | 'snapshots'
  | 'saved-state'
  | 'firmware'
  | 'kernel'
  | 'network'
  | 'archive'
  | 'compressed'
  | 'volume'
  | 'document'
  | 'unknown';

/** Something that can be done with a file. */
export interface FileUse {
  readonly what: string;
  /** A command, with FILE in the place of the file; or what to do where no command does it. */
  readonly how: string;
}

export interface Looks {
  readonly sizeBytes: number;
  /** The first 72 KiB, fewer of a smaller file. */
  readonly head: Buffer;
  /** At most 4 KiB from the offset on; empty behind the end. */
  readonly at: (offset: number) => Promise<Buffer>;
}

/** What content says besides what it is. */
export interface Found {
  /** Null where the format has none, or the file does not tell. */
  readonly version?: string | null;
  readonly details?: readonly string[];
}

export interface Kind {
  readonly group: FileGroup;
  /** One word. */
  readonly format: string;
  readonly title: string;
  readonly uses: readonly FileUse[];
}

/** A kind that is told by bytes. */
export interface BinaryKind extends Kind {
  /** Undefined: it is something else. */
  readonly find: (looks: Looks) => Found | undefined | Promise<Found | undefined>;
}

/** A kind that is told by its text. */
export interface TextKind extends Kind {
  readonly find: (text: string) => Found | undefined;
}

export const use = (what: string, how: string): FileUse => ({ what, how });
