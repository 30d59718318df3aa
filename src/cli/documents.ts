/** Files that people keep in git: YAML or JSON, several documents each; `-` is standard input. */
import { readFile, stat } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { wordIssue } from '#api';
import { Fault } from '#lib';

const maxFileBytes = 4 * 1024 * 1024;

interface Form<T> {
  readonly schema: z.ZodType<T>;
  /** The newest that this version knows. */
  readonly newestFormat: number;
  readonly hint: string;
}

/** Errors: `not-found`; `too-large`; `invalid` naming document and place; `unsupported` for a newer version's. */
export async function readDocuments<T extends { readonly format: number }>(
  file: string,
  { schema, newestFormat, hint }: Form<T>,
): Promise<readonly T[]> {
  if (file !== '-' && (await stat(file).catch(() => undefined))?.isFile() !== true)
    throw new Fault('not-found', `there is no file ${file}`);
  const text = await readFile(file === '-' ? '/dev/stdin' : file, 'utf8');
  if (Buffer.byteLength(text) > maxFileBytes)
    throw new Fault('too-large', `${file} is larger than 4 MiB`);
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  return [...documents].map((document, index) => {
    const [error] = document.errors;
    if (error !== undefined)
      throw new Fault('invalid', `${file}: ${error.message.split('\n')[0] ?? ''}`);
    const parsed = schema.safeParse(document.toJS({ maxAliasCount: 10 }), { error: wordIssue });
    const place = `document ${index + 1} of ${file}`;
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const at = issue?.path.join('/') ?? '';
      const problem = `${at === '' ? '' : `${at}: `}${issue?.message ?? ''}`;
      throw new Fault('invalid', `${place}: ${problem}`, { hint });
    }
    const { format } = parsed.data;
    if (format > newestFormat)
      throw new Fault(
        'unsupported',
        `${place} has format ${format}, made by a newer version; this one knows ${newestFormat}`,
        { hint: 'update gantry' },
      );
    return parsed.data;
  });
}
