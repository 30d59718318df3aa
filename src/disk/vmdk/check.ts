/**
 * Walks through the grains of a sparse extent: whether each lies within the file, and none over another. A table that several
 * entries of the directory lead to is walked once, and the file is looked at by windows, so a small file with a large
 * directory takes neither time nor memory beyond its own.
 */
import { abortReason } from '#lib';
import type { Finding } from '../layer.ts';
import { sectorBytes } from '../limits.ts';
import type { MetaPages } from '../meta-pages.ts';

/** Places that are sorted at a time. */
const windowPlaces = 1024 * 1024;

export interface GrainsToCheck {
  readonly pages: MetaPages;
  readonly directoryOffset: number;
  readonly tables: number;
  readonly entriesPerTable: number;
  /** The least from the start of one grain to that of the next. */
  readonly stepBytes: number;
  /** What is left of the file at the start of a grain, at least. */
  readonly leastBytes: number;
  /** Before it no grain lies. */
  readonly overheadBytes: number;
  readonly fileBytes: number;
}

type Report = (finding: Finding) => void;

export async function checkGrains(
  extent: GrainsToCheck,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { overheadBytes, stepBytes, leastBytes, fileBytes } = extent;
  const tables = await distinctTables(extent, report, signal);
  const windowBytes = windowPlaces * stepBytes;
  for (let low = 0, next = Infinity; low < fileBytes; low = next, next = Infinity) {
    const starts: number[] = [];
    for (const [index, table] of tables) {
      if (signal?.aborted) throw abortReason(signal);
      await eachEntry(extent, table, (offset, position) => {
        if (offset <= sectorBytes) return; // none, or zeros
        if (offset < overheadBytes || offset + leastBytes > fileBytes) {
          const structure = `grain ${index * extent.entriesPerTable + position}`;
          const text = `leads to ${offset}, which is not within the file's grains`;
          if (low === 0) report({ kind: 'corruption', offset, structure, text });
        } else if (offset >= low + windowBytes) next = Math.min(next, offset);
        // more than fit beside each other lie over each other: one more tells it
        else if (offset >= low && starts.length <= windowPlaces) starts.push(offset);
      });
    }
    starts.sort((a, b) => a - b);
    for (const [index, start] of starts.entries()) {
      const before = starts[index - 1];
      if (before === undefined || start - before >= stepBytes) continue;
      const text = `lies over the one at ${before}`;
      report({ kind: 'corruption', offset: start, structure: 'grain', text });
    }
  }
}

/** The tables that are there, by the first entry of the directory that leads to each. */
async function distinctTables(
  { pages, directoryOffset, tables }: GrainsToCheck,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<number, number>> {
  const places = new Map<number, number>();
  const found = new Map<number, number>();
  for (let index = 0; index < tables; index += 1) {
    if (signal?.aborted) throw abortReason(signal);
    const offset = directoryOffset + index * 4;
    const at = offset % pages.pageBytes;
    const page = pages.peek(offset - at);
    const table =
      (page?.readUInt32LE(at) ??
        (await pages.with(offset - at, (bytes) => bytes.readUInt32LE(at)))) * sectorBytes;
    if (table === 0) continue;
    const first = places.get(table);
    if (first === undefined) {
      places.set(table, index);
      found.set(index, table);
      continue;
    }
    const text = `leads to the table of entry ${first}`;
    report({ kind: 'corruption', offset, structure: `directory entry ${index}`, text });
  }
  return found;
}

/** Entries of a table as offsets, page by page. */
async function eachEntry(
  { pages, entriesPerTable }: GrainsToCheck,
  table: number,
  use: (offset: number, position: number) => void,
): Promise<void> {
  for (let position = 0; position < entriesPerTable;) {
    const from = position;
    const offset = table + from * 4;
    const at = offset % pages.pageBytes;
    const count = Math.min(entriesPerTable - from, (pages.pageBytes - at) / 4);
    await pages.with(offset - at, (bytes) => {
      for (let done = 0; done < count; done += 1)
        use(bytes.readUInt32LE(at + done * 4) * sectorBytes, from + done);
    });
    position += count;
  }
}
