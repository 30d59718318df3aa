/** VHD, "Virtual Hard Disk Image Format Specification" 1.0 of Microsoft (2006): fixed, dynamic, differencing. */
import { isFault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import type { Format, LayerSource } from '../format.ts';
import type { Layer } from '../layer.ts';
import { maxDiskBytes } from '../limits.ts';
import { fileFault } from '../structure.ts';
import { hasOldBitmaps, readBatmap } from './batmap.ts';
import { createVhd, vhdSize, vhdVariants } from './create.ts';
import { DynamicVhdLayer } from './dynamic-layer.ts';
import { readDynamicHeader } from './dynamic-header.ts';
import {
  footerBytes,
  footerSizeBytes,
  looksLikeFooter,
  parseFooter,
  type VhdFooter,
} from './footer.ts';
import { findLostFooter, FixedVhdLayer } from './fixed-layer.ts';

interface Footers {
  readonly footer: VhdFooter;
  /** Whether a valid footer ends the file. */
  readonly atEnd: boolean;
  /** Where it starts. */
  readonly endOffset: number;
  readonly remarks: string[];
}

/** The footer at `offset`, or why there is none. */
async function tryFooter(
  file: DiskFile,
  offset: number,
  length: number,
): Promise<VhdFooter | Error> {
  const bytes = Buffer.alloc(footerBytes);
  await file.read(bytes.subarray(0, length), offset);
  try {
    return parseFooter(file, offset, bytes);
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
}

/** The copy at the start is the one that is switched over first, so it wins when the two differ. */
async function readFooters(file: DiskFile, fileBytes: number): Promise<Footers> {
  const remarks: string[] = [];
  const aligned = fileBytes - footerBytes;
  let endOffset = Math.max(0, aligned);
  let end = await tryFooter(file, endOffset, footerBytes);
  if (end instanceof Error && fileBytes >= 511) {
    const short = await tryFooter(file, fileBytes - 511, 511);
    if (!(short instanceof Error)) {
      end = short;
      endOffset = fileBytes - 511;
      remarks.push('its footer has 511 bytes, as old Virtual PC wrote them');
    }
  }
  if (!(end instanceof Error) && end.variant === 'fixed') {
    return { footer: end, atEnd: true, endOffset, remarks };
  }
  const start = await tryFooter(file, 0, footerBytes);
  if (start instanceof Error || start.variant === 'fixed') {
    if (end instanceof Error) {
      const lost = await recoverFixed(file, fileBytes);
      if (lost !== undefined) return lost;
      throw start instanceof Error && looksUsable(start) ? start : end;
    }
    remarks.push('the copy of the footer at the start of the file is damaged');
    return { footer: end, atEnd: true, endOffset, remarks };
  }
  const atEnd = !(end instanceof Error) && end.identity === start.identity;
  if (!atEnd) {
    remarks.push('the footer at the end of the file is missing');
    endOffset = Math.ceil(fileBytes / 512) * 512;
  }
  return { footer: start, atEnd, endOffset, remarks };
}

/** A fixed disk whose enlarging was cut off, at the size that it had before. */
async function recoverFixed(file: DiskFile, fileBytes: number): Promise<Footers | undefined> {
  const lost = await findLostFooter(file, fileBytes);
  if (lost === undefined || !looksLikeFooter(lost.bytes)) return undefined;
  const footer = parseFooter(file, lost.offset, lost.bytes);
  if (footer.variant !== 'fixed' || footerSizeBytes(footer) > lost.offset) return undefined;
  const remarks = [
    'its enlarging was cut off: what lies behind its footer is not part of the disk',
  ];
  return { footer, atEnd: true, endOffset: lost.offset, remarks };
}

function looksUsable(error: Error): boolean {
  return isFault(error, 'corrupt') && /checksum/.test(error.message);
}

async function openVhd(source: LayerSource): Promise<Layer> {
  const { file } = source;
  const fileBytes = await file.size();
  const { footer, atEnd, endOffset, remarks } = await readFooters(file, fileBytes);
  const place = { format: 'vhd', structure: 'footer', offset: endOffset };
  const sizeBytes = footerSizeBytes(footer);
  if (sizeBytes > maxDiskBytes) throw fileFault(file, place, `a disk of ${sizeBytes} bytes`);
  if (footer.headerOffset === undefined) {
    if (sizeBytes > endOffset) {
      throw fileFault(file, place, `the disk has ${sizeBytes} bytes, the file only ${endOffset}`);
    }
    return new FixedVhdLayer(file, footer, sizeBytes, remarks);
  }
  const header = await readDynamicHeader(file, footer.headerOffset);
  const needed = Math.ceil(sizeBytes / header.blockBytes);
  const table = { ...place, structure: 'dynamic header', offset: header.offset };
  if (header.tableEntries < needed) {
    throw fileFault(file, table, `its table has ${header.tableEntries} entries of ${needed}`);
  }
  if (header.tableOffset + needed * 4 > fileBytes) {
    throw fileFault(file, table, 'its block allocation table lies past the end of the file');
  }
  if (header.tableOffset % 512 !== 0 || header.tableOffset < footerBytes) {
    throw fileFault(file, table, `a block allocation table at ${header.tableOffset}`);
  }
  if (footer.variant === 'differencing' && hasOldBitmaps(footer)) {
    const text = 'a differencing disk of tapdisk 0.1, whose bitmaps are in another order';
    throw fileFault(file, place, text, 'unsupported');
  }
  return new DynamicVhdLayer({
    file,
    footer,
    header,
    sizeBytes,
    fileBytes,
    tailOffset: Math.floor(endOffset / 512) * 512,
    hasTailFooter: atEnd,
    remarks,
    batmap: await readBatmap(file, footer, header),
    journal: source.journal,
  });
}

export const vhdFormat: Format = {
  name: 'vhd',
  title: 'VHD of Virtual PC, Virtual Server and Hyper-V',
  suffixes: ['vhd', 'vud'],
  variants: vhdVariants,
  recognise: ({ head, tail }) =>
    looksLikeFooter(head.subarray(0, 512)) ||
    looksLikeFooter(tail) ||
    looksLikeFooter(tail.subarray(1)),
  open: openVhd,
  create: createVhd,
  roundSize: vhdSize,
};
