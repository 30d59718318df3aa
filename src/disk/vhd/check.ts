/** Walks a dynamic or differencing VHD: every block inside the file, none over another or over metadata. */
import { abortReason } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import type { Finding } from '../layer.ts';
import { sectorBytes } from '../limits.ts';
import type { Batmap } from './batmap.ts';
import { footerBytes } from './footer.ts';
import { batBytesOf, headerBytes, type DynamicHeader } from './dynamic-header.ts';

export interface VhdToCheck {
  readonly file: DiskFile;
  readonly header: DynamicHeader;
  readonly batmap: Batmap | undefined;
  readonly isChild: boolean;
  readonly bitmapBytes: number;
  readonly tailOffset: number;
  readonly sizeBytes: number;
  readonly remarks: readonly string[];
  entryOf(block: number): Promise<number>;
}

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly what: string;
  readonly isBlock: boolean;
}

function piecesOf(batmap: Batmap): Piece[] {
  const { headerOffset, offset } = batmap;
  const head = { start: headerOffset, end: headerOffset + batmap.headerBytes };
  return [
    { ...head, what: 'batmap header', isBlock: false },
    { start: offset, end: offset + batmap.lengthBytes, what: 'batmap', isBlock: false },
  ];
}

/** What lies unused between two pieces, but for what alignment leaves. */
function gap(end: number, start: number): number {
  return start - end >= 4096 + headerBytes + 8192 ? start - end : 0;
}

export async function checkVhd(
  vhd: VhdToCheck,
  report: (finding: Finding) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { header } = vhd;
  for (const text of vhd.remarks) report({ kind: 'oddity', offset: 0, structure: 'footer', text });
  const pieces: Piece[] = [
    { start: 0, end: footerBytes, what: 'footer copy', isBlock: false },
    {
      start: header.offset,
      end: header.offset + headerBytes,
      what: 'dynamic header',
      isBlock: false,
    },
    {
      start: header.tableOffset,
      end: header.tableOffset + batBytesOf(header),
      what: 'block allocation table',
      isBlock: false,
    },
    ...header.locators.map((locator) => ({
      start: locator.offset,
      end: locator.offset + locator.length,
      what: `parent locator ${locator.platform}`,
      isBlock: false,
    })),
  ];
  if (vhd.batmap !== undefined) pieces.push(...piecesOf(vhd.batmap));
  const blocks = Math.ceil(vhd.sizeBytes / header.blockBytes);
  for (let block = 0; block < blocks; block += 1) {
    if (signal?.aborted) throw abortReason(signal);
    const sector = await vhd.entryOf(block);
    if (sector === 0xffff_ffff) continue;
    const start = sector * sectorBytes;
    // the last block of some writers stops at the end of the disk
    const guest = Math.min(header.blockBytes, vhd.sizeBytes - block * header.blockBytes);
    const whole = start + vhd.bitmapBytes + header.blockBytes;
    const end = whole <= vhd.tailOffset ? whole : start + vhd.bitmapBytes + guest;
    pieces.push({ start, end, what: `block ${block}`, isBlock: true });
  }
  pieces.sort((a, b) => a.start - b.start);
  let before: Piece | undefined;
  let lost = 0;
  for (const piece of pieces) {
    if (piece.isBlock && piece.end > vhd.tailOffset) {
      complain(piece, `${piece.what} is not within the file`);
    }
    if (before !== undefined && piece.start < before.end) {
      complain(piece, `${piece.what} lies over ${before.what}`);
    }
    lost += gap(before?.end ?? 0, piece.start);
    if (before === undefined || piece.end > before.end) before = piece;
  }
  lost += gap(before?.end ?? 0, vhd.tailOffset);
  if (lost > 0) {
    const text = `${lost} bytes belong to nothing`;
    report({ kind: 'leak', offset: 0, structure: 'file', text });
  }

  function complain(piece: Piece, text: string): void {
    report({ kind: 'corruption', offset: piece.start, structure: piece.what, text });
  }
}
