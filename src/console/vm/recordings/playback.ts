/**
 * A recording shown on a stage, at its times or faster.
 *
 * Invariants: (1) the stage has been shown each piece up to the place, in order, once since it began; (2) going back begins
 * anew, since what was shown cannot be taken back; (3) a long way is gone in slices, so that the page stays alive.
 */
import { timesOf, type Piece } from './recorded.ts';

/** Where pieces are shown. */
export interface Stage extends Disposable {
  /** Nothing was shown yet. */
  begin(): void;
  show(data: Piece['data']): void;
}

export interface PlaybackOptions {
  readonly pieces: readonly Piece[];
  readonly stage: Stage;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Resolves when the page has done what waits. */
  readonly breathe: () => Promise<void>;
}

const sliceMs = 30;

export class Playback {
  readonly #options: PlaybackOptions;
  #times: readonly number[];
  /** Of the piece that is shown next. */
  #next = 0;
  #placeMs = 0;
  #catchingUp: Promise<void> | undefined;

  constructor(options: PlaybackOptions) {
    this.#options = options;
    this.#times = timesOf(options.pieces, Number.POSITIVE_INFINITY);
    options.stage.begin();
  }

  get placeMs(): number {
    return this.#placeMs;
  }

  get durationMs(): number {
    return this.#times.at(-1) ?? 0;
  }

  /** Goes to a place; resolves when it is shown. */
  async seek(placeMs: number): Promise<void> {
    this.#placeMs = Math.min(Math.max(placeMs, 0), this.durationMs);
    this.#catchingUp ??= this.#catchUp().finally(() => {
      this.#catchingUp = undefined;
    });
    await this.#catchingUp;
  }

  /** Pauses are no longer than that from now on; the place stays at the piece that was shown last. */
  limitPauses(maxPauseMs: number): void {
    this.#times = timesOf(this.#options.pieces, maxPauseMs);
    this.#placeMs = this.#shownMs();
  }

  async #catchUp(): Promise<void> {
    const { pieces, stage, now, breathe } = this.#options;
    let until = now() + sliceMs;
    for (;;) {
      // The place may move meanwhile.
      if (this.#placeMs < this.#shownMs()) {
        stage.begin();
        this.#next = 0;
      }
      const piece = pieces[this.#next];
      if (piece === undefined || (this.#times[this.#next] ?? 0) > this.#placeMs) return;
      this.#next += 1;
      stage.show(piece.data);
      if (now() < until) continue;
      await breathe();
      until = now() + sliceMs;
    }
  }

  #shownMs(): number {
    return this.#times[this.#next - 1] ?? 0;
  }
}
