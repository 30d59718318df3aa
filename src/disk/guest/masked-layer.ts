/** A disk without what is free in it: the ranges read as zeros, all else as it is. For reading, from a disk without a parent. */
import type { Extent, Finding, Layer, LayerFacts, Wanted } from '../layer.ts';
import { Disk } from '../disk.ts';
import type { RangeList } from './ranges.ts';

/** The same disk seen with the ranges as zeros. Closing the original closes it. */
export function maskDisk(disk: Disk, ranges: RangeList): Disk {
  return new Disk(maskedLayer(disk.layer, ranges), undefined);
}

function maskedLayer(inner: Layer, ranges: RangeList): Layer {
  return {
    format: inner.format,
    file: inner.file,
    sizeBytes: inner.sizeBytes,
    sectorBytes: inner.sectorBytes,
    blockBytes: inner.blockBytes,
    parentReference: undefined,
    extentAt(offset: number, limit: number, wanted?: Wanted): Extent | Promise<Extent> {
      const { isInside, end } = ranges.at(offset);
      const length = Math.min(limit, end - offset);
      return isInside ? { kind: 'zero', length } : inner.extentAt(offset, length, wanted);
    },
    describe: (): LayerFacts => inner.describe(),
    check: (report: (finding: Finding) => void, signal) => inner.check(report, signal),
    close: () => Promise.resolve(),
  };
}
