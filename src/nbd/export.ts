/** What is served: a block device. An open disk of #disk is one as it stands, which is why this room knows no disks. */

export interface Export {
  readonly sizeBytes: number;
  /** Requests are in whole sectors: a power of two, 512 at least. */
  readonly sectorBytes: number;
  /** Unit in which it allocates. */
  readonly blockBytes: number;
  readonly isWritable: boolean;
  /** Whether zeros take no space here whatever a client asks for: of what a copy is made into. */
  readonly isThin?: boolean | undefined;
  /** Fills the buffer from the offset on. */
  read(into: Uint8Array, offset: number): Promise<void>;
  write(from: Uint8Array, offset: number): Promise<void>;
  /** Makes a range read as zeros, giving back space where that is cheap. */
  zero(offset: number, length: number): Promise<void>;
  /** Returns when every write that had finished before the call survives a loss of power. */
  flush(): Promise<void>;
  /** What is at the offset, at most `limit` bytes of one kind; all but `zero` is data. */
  runAt(offset: number, limit: number): Promise<{ readonly kind: string; readonly length: number }>;
}

/** Exports by the name under which clients ask for them. Where there is one alone it has the empty name too. */
export type Exports = ReadonlyMap<string, Export>;

export function findExport(exports: Exports, name: string): Export | undefined {
  const known = exports.get(name);
  if (known !== undefined || name !== '' || exports.size !== 1) return known;
  return exports.values().next().value;
}
