/** The words of all pages for tests: every table beside the pages, found by the names of their files. */
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OwnTables } from '../own-tables.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Files of the console by their names below `src/console`. */
export function consoleFiles(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: root }).sort();
}

export const consoleRoot = root;

export async function readOwnWords(): Promise<readonly OwnTables<string>[]> {
  const modules = await Promise.all(
    consoleFiles('**/*words.ts').map(
      async (file) => (await import(root + file)) as Readonly<Record<string, unknown>>,
    ),
  );
  return modules.flatMap((module) => Object.values(module)).filter(isOwnTables);
}

function isOwnTables(value: unknown): value is OwnTables<string> {
  return typeof value === 'object' && value !== null && 'of' in value && 'en' in value;
}
