/** Walks a VHDX: every block and bitmap inside the file, on a mebibyte, none over another. */
import { abortReason } from '#lib';
import type { Finding } from '../layer.ts';
import { bitmapBytes, blockStates, type Bat } from './bat.ts';
import { mib, type Region, type VhdxHeader } from './header.ts';

export interface VhdxToCheck {
  readonly bat: Bat;
  readonly header: VhdxHeader;
  readonly metadataRegion: Region;
  readonly hasParent: boolean;
  readonly sizeBytes: number;
  readonly fileBytes: number;
}

export async function checkVhdx(
  image: VhdxToCheck,
  report: (finding: Finding) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { bat, header, metadataRegion, sizeBytes, fileBytes } = image;
  // one bit per mebibyte of the file: 8 MiB for a file of 64 TiB
  const used = new Uint8Array(Math.ceil(Math.ceil(fileBytes / mib) / 8));
  const complain = (offset: number, structure: string, text: string): void => {
    report({ kind: 'corruption', offset, structure, text });
  };
  const claim = (offset: number, length: number, what: string): void => {
    if (offset % mib !== 0) complain(offset, what, 'does not start on a mebibyte');
    if (offset + length > Math.ceil(fileBytes / mib) * mib)
      complain(offset, what, 'is not within the file');
    const last = Math.min(Math.ceil((offset + length) / mib), used.length * 8);
    for (let index = Math.floor(offset / mib); index < last; index += 1) {
      const mask = 1 << (index & 7);
      if (((used[index >>> 3] ?? 0) & mask) !== 0) {
        complain(index * mib, what, 'lies over something else');
        return;
      }
      used[index >>> 3] = (used[index >>> 3] ?? 0) | mask;
    }
  };
  claim(0, mib, 'header section');
  claim(header.logOffset, header.logBytes, 'log');
  claim(metadataRegion.offset, metadataRegion.length, 'metadata region');
  claim(bat.region.offset, bat.region.length, 'block allocation table');
  const blocks = Math.ceil(sizeBytes / bat.blockBytes);
  for (let block = 0; block < blocks; block += 1) {
    if (signal?.aborted) throw abortReason(signal);
    const entry = await bat.entry(bat.blockPosition(block));
    const isPartial = entry.state === blockStates.partiallyPresent;
    if (entry.state === blockStates.fullyPresent || isPartial) {
      const guest = Math.min(bat.blockBytes, sizeBytes - block * bat.blockBytes);
      claim(entry.offset, guest, `block ${block}`);
    }
    if (isPartial && !image.hasParent) {
      complain(entry.offset, `block ${block}`, 'is partially present, in a disk without a parent');
    }
    if (entry.state === 4 || entry.state === 5) {
      complain(entry.offset, `block ${block}`, `has the state ${entry.state}, which there is not`);
    }
    if (!image.hasParent || block % bat.chunkRatio !== 0) continue;
    const bitmap = await bat.entry(bat.bitmapPosition(block));
    if (bitmap.state === blockStates.fullyPresent) {
      claim(bitmap.offset, bitmapBytes, `sector bitmap of block ${block}`);
    }
  }
  let leaked = 0;
  for (let index = 0; index < Math.ceil(fileBytes / mib); index += 1) {
    if (((used[index >>> 3] ?? 0) & (1 << (index & 7))) === 0) leaked += 1;
  }
  // the tail of a last block beyond the end of the disk is unused, yet belongs to it
  if (leaked * mib >= bat.blockBytes && leaked > 0) {
    report({ kind: 'leak', offset: 0, structure: 'file', text: `${leaked} MiB belong to nothing` });
  }
}
