/** What tells that networks are to be looked at: the kernel's word, what is amiss, and the time. */
import { Monitors } from './monitors.ts';
import type { Programs } from './programs.ts';

/** How often it is looked whether services run: a read of a small file for each. */
const lookMs = 1_000;
/** Everything is looked at now and then, whatever was heard. */
const fullLookMs = 60_000;

export interface LookoutOptions {
  readonly programs: Programs;
  /** Told that something may be other than it should. */
  readonly onChange: () => void;
  /** Asked at every turn: whether something is amiss that nobody tells of, or that may go well by now. */
  readonly isAmiss: () => boolean;
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
      isAmiss,
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
      if (!isAmiss() && Date.now() - lookedMs < fullLookMs) return;
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
