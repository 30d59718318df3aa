/**
 * The credentials of a host, and while they are being renewed the next ones beside them.
 *
 *   one --keep(next)--> two --worked(next)--> one, the next
 *                       two --worked(old)---> one, the old
 *
 * Invariants: (1) credentials are on disk before they are shown to anybody; (2) of two, none is removed
 * before the other has opened a link, for the coordinator takes both until the next are first used and only
 * the next from then on; (3) each change is one rename or one removal, so a kill at any point leaves
 * whatever the coordinator takes.
 */
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { assert, describeFault } from '#lib';
import type { Log } from '#log';
import { flushFolder, sweepTemporaries } from '../storage/atomic-file.ts';
import { readCredentials, writeCredentials, type Credentials } from './credentials.ts';

export class Wallet {
  readonly #path: string;
  readonly #log: Log;
  #kept: Credentials;
  #next: Credentials | undefined;
  #inUse: Credentials;

  private constructor(path: string, log: Log, kept: Credentials, next: Credentials | undefined) {
    this.#path = path;
    this.#log = log;
    this.#kept = kept;
    this.#next = next;
    this.#inUse = next ?? kept;
  }

  /** Undefined where the host has not joined. Errors: `corrupt` where none can be read. */
  static async open(path: string, log: Log): Promise<Wallet | undefined> {
    // What a kill left of a write may hold a key.
    await sweepTemporaries(dirname(path));
    const next = await readCredentials(nextPath(path)).catch((error: unknown) => {
      log.warn({ why: describeFault(error) }, 'renewed credentials unreadable');
      return undefined;
    });
    let kept: Credentials | undefined;
    try {
      kept = await readCredentials(path);
    } catch (error) {
      if (!next) throw error;
      await rename(nextPath(path), path);
      return new Wallet(path, log, next, undefined);
    }
    // Without them the host is to join again, whatever was to come after.
    if (!kept) await rm(nextPath(path), { force: true });
    return kept && new Wallet(path, log, kept, next);
  }

  /** Those to show: the next ones first, where there are two. */
  get inUse(): Credentials {
    return this.#inUse;
  }

  /** Whether there are next ones that have not worked yet. */
  get isRenewing(): boolean {
    return this.#next !== undefined;
  }

  /** From now on these are shown. Errors: those of the file system; nothing has changed then. */
  async keep(next: Credentials): Promise<void> {
    assert(this.#next === undefined, 'credentials are renewed one at a time');
    await writeCredentials(nextPath(this.#path), next);
    this.#next = next;
    this.#inUse = next;
  }

  /** A link was opened with these; the others are removed. Never throws: what fails is logged. */
  async worked(credentials: Credentials): Promise<void> {
    const next = this.#next;
    if (!next) return;
    try {
      if (credentials === next) await rename(nextPath(this.#path), this.#path);
      else await rm(nextPath(this.#path), { force: true });
      await flushFolder(dirname(this.#path));
    } catch (error) {
      this.#log.warn({ why: describeFault(error) }, 'cannot replace the credentials of the host');
      return;
    }
    this.#kept = credentials;
    this.#next = undefined;
    this.#inUse = credentials;
  }

  /** No link was opened with these: the others are shown, where there are two. */
  failed(credentials: Credentials): void {
    if (this.#next) this.#inUse = credentials === this.#next ? this.#kept : this.#next;
  }
}

const nextPath = (path: string): string => path.replace(/(\.json)?$/, '.next$1');
