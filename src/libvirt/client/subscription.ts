/**
 * A subscription to one event: its messages in the order in which they came. A listener that falls
 * behind by more than the limit is ended with `exhausted`, never skipped: whoever reads on knows that
 * nothing is missing, whoever hears the fault knows that the truth must be read anew.
 */
import { BoundedQueue, Fault } from '#lib';
import type { EventName, FieldsOf } from '../procedures/table.ts';

export const defaultEventLimit = 4096;

export class Subscription<E extends EventName>
  implements AsyncIterable<FieldsOf<E>>, AsyncDisposable
{
  readonly name: E;
  readonly #queue: BoundedQueue<FieldsOf<E>>;
  readonly #onClose: (signal: AbortSignal | undefined) => Promise<void>;
  #open = true;

  constructor(name: E, limit: number, onClose: (signal: AbortSignal | undefined) => Promise<void>) {
    this.name = name;
    this.#queue = new BoundedQueue(limit);
    this.#onClose = onClose;
  }

  [Symbol.asyncIterator](): AsyncIterator<FieldsOf<E>, void, undefined> {
    return this.#queue[Symbol.asyncIterator]();
  }

  /** Ends the subscription at the server and here; what has come is still read. */
  async close(signal?: AbortSignal): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#queue.close();
    await this.#onClose(signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A message came. False when the listener is too slow; the subscription has ended then. */
  take(fields: FieldsOf<E>): boolean {
    if (this.#queue.push(fields) || !this.#open) return true;
    this.#queue.close(
      new Fault('exhausted', `the listener for ${this.name} is too slow`, {
        hint: 'read the state anew and subscribe again',
      }),
    );
    return false;
  }

  /** The connection ended. */
  lose(fault: Fault): void {
    this.#open = false;
    this.#queue.close(fault);
  }
}
