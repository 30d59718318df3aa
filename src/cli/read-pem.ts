/** Files with certificates and keys. */
import { readFile } from 'node:fs/promises';
import { Fault } from '#lib';

const maxPemBytes = 65_536;

/** Errors: `invalid` where it cannot be read; `too-large`. */
export async function readPem(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Fault('invalid', `cannot read ${file}`, { cause: error });
  });
  if (text.length <= maxPemBytes) return text;
  throw new Fault('too-large', `${file} is too large for a certificate or a key`);
}
