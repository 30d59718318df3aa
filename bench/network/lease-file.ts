/**
 * The file of a DHCP service (dnsmasq(8)), looked at while a guest starts: the same look at both sides, since asking an
 * API so often would take the guest the processor that it starts with.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const lookMs = 10;
const limitMs = 300_000;

export class LeaseFile {
  readonly #path: string;
  #known: readonly string[];

  /** What it holds now is known. */
  constructor(path: string) {
    this.#path = path;
    this.#known = this.#lines();
  }

  /** The address of the next lease that is given, or given again. Errors: none is. */
  async next(): Promise<string> {
    for (const untilMs = performance.now() + limitMs; performance.now() < untilMs;) {
      const lines = this.#lines();
      const fresh = lines.find((line) => !this.#known.includes(line));
      if (fresh !== undefined) {
        this.#known = lines;
        return fresh.split(' ')[2] ?? '';
      }
      await sleep(lookMs);
    }
    throw new Error(`no lease comes into ${this.#path}`);
  }

  /** Whole ones: expiry, MAC, address, name, client id. */
  #lines(): readonly string[] {
    try {
      return readFileSync(this.#path, 'utf8').split('\n').slice(0, -1);
    } catch {
      return [];
    }
  }
}
