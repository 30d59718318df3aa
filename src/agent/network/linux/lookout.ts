/** What tells that networks are to be looked at: the kernel's word, a service that has ended, and the time. */
import { Monitors } from './monitors.ts';
import type { Programs } from './programs.ts';

/** How often services are looked for: a read of a small file for each. */
const lookMs = 1_000;
/** Everything is looked at now and then, whatever was heard. */
const fullLookMs = 60_000;

export interface LookoutOptions {
  readonly programs: Programs;
  /** Told that something may be other than it should. */
  readonly onChange: () => void;
  /** Asked at every turn: whether a service has ended. */
  readonly hasEnded: () => boolean;
}

export class Lookout {
  readonly #options: LookoutOptions;
  #monitors: Monitors | undefined;
  #ticker: NodeJS.Timeout | undefined;

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  begin(): void {
    const {
      programs: { ip, nft, tc },
      onChange,
      hasEnded,
    } = this.#options;
    this.#monitors ??= new Monitors(
      [
        [ip, 'monitor', 'link', 'address'],
        [nft, 'monitor'],
        [tc, 'monitor'],
      ],
      onChange,
    );
    let lookedMs = Date.now();
    this.#ticker ??= setInterval(() => {
      if (!hasEnded() && Date.now() - lookedMs < fullLookMs) return;
      lookedMs = Date.now();
      onChange();
    }, lookMs).unref();
  }

  cease(): void {
    this.#monitors?.[Symbol.dispose]();
    this.#monitors = undefined;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }
}
