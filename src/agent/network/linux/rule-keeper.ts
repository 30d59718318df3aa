/**
 * The rules of this host's networks in force: written when they are to be others, and written again when they
 * are no longer as they were left.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#lib';
import { tableName } from './names.ts';
import { run } from './programs.ts';
import { outlineOf } from './rule-outline.ts';
import { writeNoRules, writeRuleset, type Rules } from './ruleset.ts';

const maxAttempts = 3;

export class RuleKeeper {
  readonly #nft: string;
  readonly #runtimeDir: string;
  #written: string | undefined;
  /** As nft showed them right after they were written. */
  #listed: string | undefined;

  constructor(nft: string, runtimeDir: string) {
    this.#nft = nft;
    this.#runtimeDir = runtimeDir;
  }

  /**
   * Answers whether they had to be written again since somebody had changed them. Errors: `unavailable` with what nft
   * said; the rules are as they were then.
   */
  async keep(rules: Rules): Promise<'kept' | 'mended'> {
    const { hostId } = rules;
    const none = writeNoRules(hostId);
    const write = (present: string): string =>
      rules.networks.length === 0 ? none : writeRuleset(rules, present);
    const text = write('');
    const [inet, bridge] = await this.#list(hostId);
    const isTouched = this.#listed !== undefined && inet + bridge !== this.#listed;
    if (text === this.#written && !isTouched) return 'kept';
    this.#written = undefined;
    let present = bridge;
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      await this.#load(write(present)).catch(async () => {
        // Somebody has made other things of our names: then it begins anew, and nothing is remembered.
        await this.#load(none + text);
      });
      const listed = await this.#list(hostId);
      present = listed[1];
      // What somebody has deleted between is not what is to be found again.
      if (outlineOf(listed.join('')) !== outlineOf(text)) continue;
      this.#listed = listed.join('');
      this.#written = text;
      return isTouched ? 'mended' : 'kept';
    }
    throw new Fault('unavailable', 'somebody changes the rules of networks all the time');
  }

  async #load(text: string): Promise<void> {
    const path = join(this.#runtimeDir, 'networks.nft');
    await writeFile(path, text, { mode: 0o600 });
    await run(this.#nft, ['-f', path]);
  }

  /** Of both families, without what is counted and remembered. */
  async #list(hostId: string): Promise<readonly [string, string]> {
    const list = (family: 'inet' | 'bridge'): Promise<string> =>
      run(this.#nft, ['-s', '-t', 'list', 'table', family, tableName(hostId)]).catch(() => '');
    return await Promise.all([list('inet'), list('bridge')]);
  }
}
