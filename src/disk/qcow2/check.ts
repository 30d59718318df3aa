/**
 * Checks a QCOW2 file: walks every table, counts the references to each host cluster and compares with the
 * refcounts in the file. Works through windows of clusters, so memory is bounded whatever the size; a table
 * that is reached twice is walked once, so hostile files end too.
 */
import { abortReason } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import type { Finding } from '../layer.ts';
import type { MetaPages } from '../meta-pages.ts';
import { readStructure } from '../structure.ts';
import { readBitmaps } from './bitmaps.ts';
import { entryIsCopied, entryOffset, readEntry } from './entries.ts';
import { features, type Qcow2Header } from './header.ts';
import type { Refcounts } from './refcounts.ts';
import { readSnapshots } from './snapshots.ts';

const windowClusters = 8 * 1024 * 1024;
const countedAtOnce = 64 * 1024;

export interface Qcow2ToCheck {
  readonly file: DiskFile;
  readonly header: Qcow2Header;
  readonly pages: MetaPages;
  readonly refcounts: Refcounts;
  readonly fileBytes: number;
}

/** One reference: bytes of the file that a structure claims. */
type Claim = (offset: number, length: number, what: string, isCopied?: boolean) => void;

export async function checkQcow2(
  image: Qcow2ToCheck,
  report: (finding: Finding) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { header, fileBytes } = image;
  const clusterBytes = 2 ** header.clusterBits;
  const clusters = Math.ceil(fileBytes / clusterBytes);
  if ((header.incompatible & features.dirty) !== 0n) {
    report({ kind: 'oddity', offset: 72, structure: 'header', text: 'was not closed cleanly' });
  }
  if ((header.incompatible & features.corrupt) !== 0n) {
    report({ kind: 'corruption', offset: 72, structure: 'header', text: 'is marked as corrupt' });
  }
  for (let start = 0; start < clusters; start += windowClusters) {
    const end = Math.min(clusters, start + windowClusters);
    const counts = new Uint32Array(end - start);
    const single: { cluster: number; what: string; isCopied: boolean }[] = [];
    await walk(
      image,
      start === 0 ? report : () => undefined,
      signal,
      (offset, length, what, isCopied) => {
        const first = Math.floor(offset / clusterBytes);
        const last = Math.floor((offset + length - 1) / clusterBytes);
        for (let cluster = Math.max(first, start); cluster <= last && cluster < end; cluster += 1) {
          counts[cluster - start] = (counts[cluster - start] ?? 0) + 1;
        }
        if (isCopied !== undefined && first >= start && first < end && !isCopied) {
          if (single.length < 65536) single.push({ cluster: first, what, isCopied });
        }
      },
    );
    // by parts, so that a long check is left soon after it was cancelled
    for (let first = start; first < end; first += countedAtOnce) {
      if (signal?.aborted) throw abortReason(signal);
      const last = Math.min(end, first + countedAtOnce);
      await image.refcounts.eachCount(first, last, (stored, cluster) => {
        const counted = counts[cluster - start] ?? 0;
        if (stored === counted) return;
        report({
          kind: counted > stored ? 'corruption' : 'leak',
          offset: cluster * clusterBytes,
          structure: `cluster ${cluster}`,
          text: `${counted} references, ${stored} counted in the file`,
        });
      });
    }
    for (const { cluster, what } of single) {
      if (counts[cluster - start] !== 1 || (await image.refcounts.get(cluster)) !== 1) continue;
      const text = `${what} is not marked as the only reference`;
      report({
        kind: 'oddity',
        offset: cluster * clusterBytes,
        structure: `cluster ${cluster}`,
        text,
      });
    }
  }
}

async function walk(
  image: Qcow2ToCheck,
  report: (finding: Finding) => void,
  signal: AbortSignal | undefined,
  claim: Claim,
): Promise<void> {
  const { header, refcounts, file } = image;
  const clusterBytes = 2 ** header.clusterBits;
  claim(0, clusterBytes, 'header');
  const { tableOffset, tableClusters } = refcounts.place;
  claim(tableOffset, tableClusters * clusterBytes, 'refcount table');
  await refcounts.eachBlock(
    (block, index) => claim(block, clusterBytes, `refcount block ${index}`),
    ({ message }, index) => report(asFinding(message, tableOffset + index * 8, 'refcount table')),
  );
  await walkTables(image, header.l1Offset, header.l1Entries, true, report, signal, claim);
  if (header.snapshotCount > 0) {
    const table = await readSnapshots(file, header);
    claim(header.snapshotsOffset, table.tableBytes, 'snapshot table');
    for (const { l1Offset, l1Entries } of table.snapshots) {
      await walkTables(image, l1Offset, l1Entries, false, report, signal, claim);
    }
  }
  if (header.bitmaps !== undefined) {
    claim(header.bitmaps.directoryOffset, header.bitmaps.directoryBytes, 'bitmap directory');
    for (const { name, tableOffset: offset, tableEntries } of await readBitmaps(file, header)) {
      if (tableEntries === 0) continue;
      claim(offset, tableEntries * 8, `bitmap ${name}`);
      const place = { format: 'qcow2', structure: `bitmap ${name}`, offset };
      const table = await readStructure(file, place, tableEntries * 8);
      for (let at = 0; at < table.length; at += 8) {
        const data = entryOffset(table.bytes, at);
        if (data !== 0) claim(data, clusterBytes, `bitmap ${name}`);
      }
    }
  }
}

async function walkTables(
  image: Qcow2ToCheck,
  l1Offset: number,
  l1Entries: number,
  isActive: boolean,
  report: (finding: Finding) => void,
  signal: AbortSignal | undefined,
  claim: Claim,
): Promise<void> {
  const { header, pages, fileBytes } = image;
  const clusterBytes = 2 ** header.clusterBits;
  if (l1Entries === 0) return;
  claim(l1Offset, l1Entries * 8, 'level-1 table');
  const seen = new Set<number>();
  for (let index = 0; index < l1Entries; index += 1) {
    if (signal?.aborted) throw abortReason(signal);
    const position = l1Offset + index * 8;
    const at = position % pages.pageBytes;
    const { table, isCopied } = await pages.with(position - at, (bytes) => ({
      table: entryOffset(bytes, at),
      isCopied: entryIsCopied(bytes, at),
    }));
    if (table === 0) continue;
    if (table % clusterBytes !== 0 || table >= fileBytes || seen.has(table)) {
      report(asFinding(`entry ${index} leads to ${table}`, position, 'level-1 table'));
      continue;
    }
    seen.add(table);
    claim(table, clusterBytes, `level-2 table ${index}`, isActive ? isCopied : undefined);
    await walkTable(image, table, isActive, report, claim);
  }
}

async function walkTable(
  image: Qcow2ToCheck,
  table: number,
  isActive: boolean,
  report: (finding: Finding) => void,
  claim: Claim,
): Promise<void> {
  const { header, pages, fileBytes } = image;
  const clusterBytes = 2 ** header.clusterBits;
  const hasSubclusters = (header.incompatible & features.extendedL2) !== 0n;
  const step = hasSubclusters ? 16 : 8;
  for (let start = 0; start < clusterBytes; start += pages.pageBytes) {
    await pages.with(table + start, (bytes) => {
      for (let at = 0; at < bytes.length; at += step) {
        const entry = readEntry(
          bytes,
          at,
          header.clusterBits,
          header.version === 3 && !hasSubclusters,
        );
        if (entry.kind === 'unallocated' || entry.offset === 0) continue;
        const isPlain = entry.kind !== 'compressed';
        if ((isPlain && entry.offset % clusterBytes !== 0) || entry.offset >= fileBytes) {
          const text = `an entry leads to ${entry.offset}`;
          report(asFinding(text, table + start + at, 'level-2 table'));
          continue;
        }
        const length = isPlain ? clusterBytes : entry.storedBytes;
        const isCopied = isActive && isPlain ? entry.isCopied : undefined;
        claim(entry.offset, length, 'data', isCopied);
      }
    });
  }
}

function asFinding(text: string, offset: number, structure: string): Finding {
  return { kind: 'corruption', offset, structure, text };
}
