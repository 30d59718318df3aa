/** Lists as files; one of any length is read page by page, at most a hundred thousand things. */
import { Fault } from '#lib';
import { maxPage, type Client } from '#api';
import type { ListName } from '../parts/ask.ts';
import type { Words } from '../i18n/words.ts';
import type { Column } from './column.ts';
import { writeCsv, type Cell } from './csv.ts';

const maxThings = 100_000;

/** Lists that can be exported: those with windows, and events. */
export type ExportedName = ListName | 'event.list';
export type ExportFormat = 'csv' | 'json';

/** Errors: as the calls; `too-large`. */
export async function exportList<T>(
  client: Client,
  {
    name,
    query,
    columns,
    format,
    words,
  }: {
    readonly name: ExportedName;
    readonly query: Readonly<Record<string, unknown>>;
    readonly columns: readonly Column<T>[];
    readonly format: ExportFormat;
    readonly words: Words;
  },
): Promise<Blob> {
  const items: T[] = [];
  for await (const item of client.list(name, { ...query, limit: maxPage })) {
    items.push(item as unknown as T);
    if (items.length > maxThings)
      throw new Fault('too-large', `the list has more than ${maxThings} things`, {
        hint: 'narrow it with a filter',
      });
  }
  if (format === 'json') return writeJsonFile(items);
  return writeCsvFile(
    columns.map(({ title }) => words.text(title)),
    items.map((item) => columns.map((column) => column.raw(item))),
  );
}

/** Things as the API tells them. */
export function writeJsonFile(items: readonly unknown[]): Blob {
  return new Blob([`${JSON.stringify(items, undefined, 2)}\n`], { type: 'application/json' });
}

/** With the mark by which spreadsheets know UTF-8. */
export function writeCsvFile(titles: readonly string[], rows: readonly (readonly Cell[])[]): Blob {
  return new Blob(['\uFEFF', writeCsv([titles, ...rows])], { type: 'text/csv;charset=utf-8' });
}

export function saveFile(blob: Blob, fileName: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.click();
  // The download has taken hold of it by the next turn of the event loop.
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
