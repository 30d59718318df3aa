/**
 * Calls of one connection: a bounded number at work, a bounded number behind them, and beyond that the
 * link is held. Keepalive goes on until then, so that a few long calls do not look like death.
 */
import type { Link } from '../link/link.ts';

export interface CallLimits {
  readonly running: number;
  readonly waiting: number;
}

export const defaultCallLimits: CallLimits = { running: 32, waiting: 256 };

type Work = () => void | Promise<void>;

export class CallQueue {
  readonly #link: Link;
  readonly #limits: CallLimits;
  #waiting: Work[] = [];
  #running = 0;
  #holding = false;

  constructor(link: Link, limits: CallLimits) {
    this.#link = link;
    this.#limits = limits;
  }

  /** `work` never throws or rejects; what is done at once counts as nothing. */
  add(work: Work): void {
    if (this.#running < this.#limits.running) {
      this.#start(work);
      return;
    }
    this.#waiting.push(work);
    if (this.#waiting.length >= this.#limits.waiting && !this.#holding) {
      this.#holding = true;
      this.#link.hold();
    }
  }

  /** Forgets what has not begun. */
  clear(): void {
    this.#waiting = [];
  }

  #start(work: Work): void {
    const late = work();
    if (late === undefined) return;
    this.#running += 1;
    void late.finally(() => {
      this.#running -= 1;
      while (this.#running < this.#limits.running) {
        const next = this.#waiting.shift();
        if (next === undefined) break;
        this.#start(next);
      }
      if (this.#holding && this.#waiting.length < this.#limits.waiting / 2) {
        this.#holding = false;
        this.#link.release();
      }
    });
  }
}
