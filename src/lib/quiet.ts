/**
 * What a program that has come to rest gives back. V8 collects garbage when something is allocated, so that what a
 * start or a burst of work leaves behind would stay for as long as nobody asks for anything: a third of what an
 * idle coordinator holds. Once the program is quiet again it is collected, thoroughly: code that has not run
 * lately goes too, and is compiled again when it is wanted.
 *
 *   busy -> quiet: collect -> quiet: nothing to do -> busy
 *
 * A program that was not started with --expose-gc leaves all to V8.
 */
import { miB } from './bytes.ts';

/** How often a program looks at itself. */
const lookMs = 5_000;
/** Processor time between two looks up to which it is quiet: 2 %. */
const quietMs = 100;
/** Work after which there is something to collect. */
const workMs = 250;
/** A larger heap stands still for too long (50 ms at 25 MiB); V8 collects it bit by bit as it is used. */
const maxHeapBytes = 64 * miB;

/** Whether now is the time, by the processor time that was used since it was asked before. Its start is work. */
export class QuietWatch {
  #workMs = workMs;

  look(usedMs: number): boolean {
    if (usedMs > quietMs) {
      this.#workMs += usedMs;
      return false;
    }
    const due = this.#workMs >= workMs;
    if (due) this.#workMs = 0;
    return due;
  }

  /** Whatever was used: the next quiet moment is the time. */
  expect(): void {
    this.#workMs = workMs;
  }
}

const watches = new Set<QuietWatch>();

/** For a program or a thread that has done what it does but once. */
export function collectGarbage(): void {
  if (process.memoryUsage().heapUsed <= maxHeapBytes)
    globalThis.gc?.({ type: 'major', flavor: 'last-resort' });
}

/** For what left much behind that V8 does not know of, as a thread does that has ended. */
export function collectNextTime(): void {
  for (const watch of watches) watch.expect();
}

/** Looks from now on, until it is disposed of; keeps no program from ending. */
export function collectWhenQuiet(): Disposable {
  const watch = new QuietWatch();
  watches.add(watch);
  let before = process.cpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    if (watch.look((user + system) / 1000)) collectGarbage();
  }, lookMs);
  timer.unref();
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      watches.delete(watch);
    },
  };
}
