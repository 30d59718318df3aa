/**
 * The local token: a file that only the service's account can read (and root), whose possession makes
 * the caller the first user. So the commands of whoever started Gantry work at once, without a
 * password. Deleted, it is made anew with another secret within a second, and the old one is void.
 */
import { timingSafeEqual } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeSecretFolder, readSmallFile, writeSecretFile } from '../authority/secret-file.ts';
import { createSecret, hashSecret, isSecret } from './secret.ts';

export class LocalToken {
  readonly #file: string;
  #hash: Buffer = Buffer.alloc(0);
  /** Which file the hash is of: its number, mode and time of change. */
  #version = '';

  private constructor(file: string) {
    this.#file = file;
  }

  static async open(file: string): Promise<LocalToken> {
    await makeSecretFolder(dirname(file));
    const token = new LocalToken(file);
    await token.refresh();
    return token;
  }

  holds(secretHash: string): boolean {
    const given = Buffer.from(secretHash);
    return given.length === this.#hash.length && timingSafeEqual(given, this.#hash);
  }

  /** Takes in what happened to the file; a missing, damaged or readable-by-others one is made anew. */
  async refresh(): Promise<void> {
    const facts = await stat(this.#file).catch(() => undefined);
    const version = facts && `${facts.ino} ${facts.mode} ${facts.ctimeMs}`;
    if (version !== undefined && version === this.#version) return;
    this.#hash = Buffer.alloc(0);
    const isPrivate = facts !== undefined && (facts.mode & 0o077) === 0;
    const text = isPrivate ? (await readSmallFile(this.#file))?.trim() : undefined;
    let secret = text;
    if (secret === undefined || !isSecret(secret)) {
      secret = createSecret();
      // Valid from the moment that it can be read.
      this.#hash = Buffer.from(hashSecret(secret));
      await rm(this.#file, { force: true });
      await writeSecretFile(this.#file, `${secret}\n`);
    }
    const made = await stat(this.#file);
    this.#version = `${made.ino} ${made.mode} ${made.ctimeMs}`;
    this.#hash = Buffer.from(hashSecret(secret));
  }
}
