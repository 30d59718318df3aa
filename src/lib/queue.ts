/**
 * A bounded queue between one or more writers and one reader. A full queue never waits and never
 * drops silently: `push` answers false, and the writer decides (disconnect the slow listener, or
 * refuse the message).
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #limit: number;
  #items: T[] = [];
  #head = 0;
  #wake: (() => void) | undefined;
  #closed = false;
  #error: Error | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** False when the queue is full or closed; the item was not taken. */
  push(item: T): boolean {
    if (this.#closed || this.size >= this.#limit) return false;
    this.#items.push(item);
    this.#wake?.();
    return true;
  }

  /** Ends the queue: the reader gets what is in it, then the error or the end. */
  close(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        while (this.size > 0) {
          const item = this.#items[this.#head] as T;
          this.#head += 1;
          if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
            this.#items = this.#items.slice(this.#head);
            this.#head = 0;
          }
          yield item;
        }
        this.#items = [];
        this.#head = 0;
        if (this.#closed) {
          if (this.#error) throw this.#error;
          return;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      this.#closed = true;
    }
  }
}
