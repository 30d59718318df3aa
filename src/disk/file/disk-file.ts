/**
 * A file as the formats see it: positional, without a cursor, without knowledge of disks. Formats touch
 * the world through this interface alone, so that a test can hold the world: see power-cut-file.ts.
 */

export type Access = 'read' | 'write';

export interface FileRun {
  readonly kind: 'data' | 'hole';
  readonly length: number;
}

export interface DiskFile {
  /** As users know it; only for messages and for finding neighbours. */
  readonly name: string;
  readonly access: Access;
  /** Equal for two openings of the same file, different for different files. */
  readonly identity: string;
  /** Fills `into` from the offset on; fewer bytes than asked only at the end of the file. */
  read(into: Uint8Array, offset: number): Promise<number>;
  /** Writes all of it; the file grows as needed, what is skipped reads as zeros. */
  write(from: Uint8Array, offset: number): Promise<void>;
  size(): Promise<number>;
  truncate(sizeBytes: number): Promise<void>;
  /** Returns when all that was written before the call survives a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
  /**
   * The host's number of the open file, under which threads of ours read and write it beside these methods. Absent where
   * its bytes are not those of one open file of the host; undefined once it is closed.
   */
  readonly descriptor?: number | undefined;
  /** The run of one kind at the offset, at most `limit` long. Absent where the host cannot tell. */
  runAt?(offset: number, limit: number): FileRun;
  /** Makes a range a hole that reads as zeros, without changing the size. False: not possible here. */
  punch?(offset: number, length: number): boolean;
  /** Takes the space up to the size from the volume now. False: not possible here. */
  reserve?(sizeBytes: number): boolean;
  /**
   * Locks it until it is closed: for `write` against all others, for `read` against writers. False: they have it.
   * Undefined: this host has no locks.
   */
  lock?(access: Access): boolean | undefined;
  /** Whether surely no other program changes it: of a file that is not locked. Undefined: this host does not say. */
  isStill?(): boolean | undefined;
  /** Bytes the host has set aside for the file. */
  storedBytes?(): Promise<number>;
  /** When the content last changed, milliseconds since 1970. */
  modifiedMs?(): Promise<number>;
}

/** The same file, whose `sync` does nothing: for a target that nobody has before it is complete. */
export function withoutSync(file: DiskFile): DiskFile {
  return {
    name: file.name,
    access: file.access,
    identity: file.identity,
    get descriptor() {
      return file.descriptor;
    },
    read: (into, offset) => file.read(into, offset),
    write: (from, offset) => file.write(from, offset),
    size: () => file.size(),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: () => Promise.resolve(),
    close: () => file.close(),
    ...(file.runAt === undefined ? {} : { runAt: file.runAt.bind(file) }),
    ...(file.punch === undefined ? {} : { punch: file.punch.bind(file) }),
    ...(file.reserve === undefined ? {} : { reserve: file.reserve.bind(file) }),
    ...(file.lock === undefined ? {} : { lock: file.lock.bind(file) }),
    ...(file.isStill === undefined ? {} : { isStill: file.isStill.bind(file) }),
    ...(file.storedBytes === undefined ? {} : { storedBytes: file.storedBytes.bind(file) }),
    ...(file.modifiedMs === undefined ? {} : { modifiedMs: file.modifiedMs.bind(file) }),
  };
}
