/** What a host proves itself with: made when it joins, kept readable for the agent alone. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { Fault } from '#lib';
import { writeFileAtomic } from '../storage/atomic-file.ts';

const pem = z
  .string()
  .max(64 * 1024)
  .startsWith('-----BEGIN ');

export const credentialsSchema = z.strictObject({
  /** PKCS #8, PEM. Secret. */
  privateKey: pem,
  certificate: pem,
  /** Certificates that a coordinator's certificate must come from. */
  authority: pem,
});
export type Credentials = z.infer<typeof credentialsSchema>;

/** Undefined where the host has not joined. Errors: `corrupt`. */
export async function readCredentials(path: string): Promise<Credentials | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return credentialsSchema.parse(JSON.parse(text));
  } catch {
    // The cause could quote the key.
    throw new Fault('corrupt', `cannot read ${path}`, {
      hint: 'remove it and join the host again',
    });
  }
}

export async function writeCredentials(path: string, credentials: Credentials): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(credentials)}\n`, {
    mode: 0o600,
    durability: 'flushed',
  });
}
