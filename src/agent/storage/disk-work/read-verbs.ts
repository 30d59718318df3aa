/** Verbs that only read. What is told of a disk is bounded; a longer map or list of differences is told in parts. */
import { maxDiskRows, type DiskAnswer } from '#api';
import {
  checkDisk,
  checksumDisk,
  compareDisks,
  diffDisks,
  estimateCompact,
  mapDisk,
  measure,
  type CompactEstimate,
} from '#disk';
import { describeFault, Fault, isFault } from '#lib';
import { openOther, openSource, said, type Perform } from './doing.ts';

const maxTextLength = 300;

/** Those from the offset on, as many as one answer takes. */
async function takeRows<T extends { readonly offset: number }>(
  items: AsyncIterable<T>,
  offset: number,
): Promise<{ rows: T[]; next: number | null }> {
  const rows: T[] = [];
  for await (const item of items) {
    if (item.offset < offset) continue;
    if (rows.length === maxDiskRows) return { rows, next: item.offset };
    rows.push(item);
  }
  return { rows, next: null };
}

export const mapVerb: Perform<'map'> = async (work, doing) => {
  await using disk = await openSource(work, doing);
  const { rows, next } = await takeRows(mapDisk(disk, doing.signal), work.offset);
  return {
    rows: rows.map(({ offset, length, kind, depth }) => ({ offset, length, kind, depth })),
    next,
  };
};

export const measureVerb: Perform<'measure'> = async (work, doing) => {
  await using disk = await openSource(work, doing);
  const { file } = disk.layer;
  const fileBytes = (await file.storedBytes?.()) ?? (await file.size());
  const sums = await measure(disk, doing.signal);
  const estimate: CompactEstimate | string = await estimateCompact(disk, {
    ...doing,
    freeBlocks: work.freeBlocks,
    fixed: work.fixed,
  }).catch((error: unknown) => {
    if (isFault(error, 'refused')) return describeFault(error).slice(0, maxTextLength);
    throw error;
  });
  const found =
    typeof estimate === 'string'
      ? { gainBytes: null, reason: estimate }
      : { gainBytes: estimate.gainBytes, reason: null };
  return { sizeBytes: disk.sizeBytes, ...sums, fileBytes, ...found };
};

export const compareVerb: Perform<'compare'> = async (work, doing) => {
  await using disk = await openSource(work, doing);
  await using other = await openOther(work.other, doing, said(work.otherFormat));
  const { isEqual, sizesDiffer, firstDifference } = await compareDisks(disk, other, doing);
  return { isEqual, sizesDiffer, firstDifference: firstDifference ?? null };
};

export const diffVerb: Perform<'diff'> = async (work, doing) => {
  await using disk = await openSource(work, doing);
  if (work.other !== undefined) {
    await using other = await openOther(work.other, doing, said(work.otherFormat));
    return await takeRows(diffDisks(disk, other, doing), work.offset);
  }
  if (disk.parent === undefined) {
    throw new Fault('invalid', `${work.file} has no parent to compare it with`, {
      hint: 'name another disk',
    });
  }
  return await takeRows(diffDisks(disk, disk.parent, doing), work.offset);
};

export const checksumVerb: Perform<'checksum'> = async (work, doing) => {
  await using disk = await openSource(work, doing);
  const { algorithm } = work;
  return { algorithm, checksum: await checksumDisk(disk, { ...doing, algorithm }) };
};

export const checkVerb: Perform<'check'> = async (work, doing) => {
  const parent = work.layers === 'all' ? 'follow' : 'none';
  await using disk = await openSource(work, doing, { parent });
  const sums = { corruptions: 0, leaks: 0, oddities: 0 };
  const findings: DiskAnswer<'check'>['findings'] = [];
  for (const layer of disk.chain()) {
    const report = await checkDisk(layer, doing.signal);
    sums.corruptions += report.corruptions;
    sums.leaks += report.leaks;
    sums.oddities += report.oddities;
    for (const { kind, text } of report.findings.slice(0, maxDiskRows - findings.length))
      findings.push({ path: report.path, kind, text: text.slice(0, maxTextLength) });
  }
  return { ...sums, findings };
};
