/**
 * The rules of this host's networks in force: written when they are to be others, and written again when they
 * are no longer as they were left.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableName } from './names.ts';
import { run } from './programs.ts';
import { writeNoRules, writeRuleset, type Rules } from './ruleset.ts';

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

  /** Errors: `unavailable` with what nft said; the rules are as they were then. */
  async keep(rules: Rules): Promise<void> {
    const text = rules.networks.length === 0 ? writeNoRules(rules.hostId) : writeRuleset(rules);
    if (text === this.#written && (await this.#list(rules.hostId)) === this.#listed) return;
    this.#written = undefined;
    const path = join(this.#runtimeDir, 'networks.nft');
    await writeFile(path, text, { mode: 0o600 });
    await run(this.#nft, ['-f', path]);
    this.#listed = await this.#list(rules.hostId);
    this.#written = text;
  }

  async #list(hostId: string): Promise<string> {
    const name = tableName(hostId);
    const tables = ['inet', 'bridge'].map((family) =>
      run(this.#nft, ['--stateless', 'list', 'table', family, name]).catch(() => 'none'),
    );
    return (await Promise.all(tables)).join('\n');
  }
}
