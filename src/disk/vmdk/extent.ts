/** One extent of a VMDK: a range of the disk that lies in one file. Offsets here count from its start. */
import type { DiskFile } from '../file/disk-file.ts';
import { clearRange } from '../file/fill.ts';
import type { Extent, Finding, ReadBelow, Wanted } from '../layer.ts';
import { sectorBytes } from '../limits.ts';

export interface ExtentWriter {
  write(from: Uint8Array, offset: number, below: ReadBelow): Promise<void>;
  zero(offset: number, length: number, below: ReadBelow): Promise<void>;
  commit(): Promise<void>;
  dirtyBytes(): number;
  finish(): Promise<void>;
}

export interface VmdkExtent {
  readonly sizeBytes: number;
  readonly file: DiskFile | undefined;
  extentAt(offset: number, limit: number, wanted?: Wanted): Extent | Promise<Extent>;
  readonly writer: ExtentWriter | undefined;
  check(report: (finding: Finding) => void, signal: AbortSignal | undefined): Promise<void>;
}

export function zeroExtent(sizeBytes: number): VmdkExtent {
  return {
    sizeBytes,
    file: undefined,
    extentAt: (_, limit) => ({ kind: 'zero', length: limit }),
    writer: undefined,
    check: () => Promise.resolve(),
  };
}

/** Plain bytes from an offset of a file on. */
export function flatExtent(file: DiskFile, start: number, sizeBytes: number): VmdkExtent {
  const writer: ExtentWriter = {
    write: (from, offset) => file.write(from, start + offset),
    zero: (offset, length) => clearRange(file, start + offset, length),
    commit: () => file.sync(),
    dirtyBytes: () => 0,
    finish: () => file.sync(),
  };
  return {
    sizeBytes,
    file,
    extentAt(offset, limit, wanted) {
      const run = wanted === 'content' ? undefined : file.runAt?.(start + offset, limit);
      if (run?.kind === 'hole') {
        const length = run.length >= limit ? limit : run.length - (run.length % sectorBytes);
        if (length > 0) return { kind: 'zero', length };
      }
      const length = Math.min(limit, Math.ceil((run?.length ?? limit) / sectorBytes) * sectorBytes);
      return { kind: 'data', length, file, fileOffset: start + offset };
    },
    writer: file.access === 'write' ? writer : undefined,
    check: () => Promise.resolve(),
  };
}
