/** The domain that this host belongs to, by the same files as its guests' (guest/domain.ts). */
import { readFile } from 'node:fs/promises';
import { domainOf, kerberosPath, sambaPath } from '../guest/domain.ts';

export async function readHostDomain(): Promise<string | null> {
  const read = (path: string): Promise<string | undefined> =>
    readFile(path, 'utf8').catch(() => undefined);
  return domainOf(await read(sambaPath), await read(kerberosPath));
}
