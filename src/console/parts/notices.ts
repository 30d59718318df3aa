/** Short messages over the page: what was taken, what failed and what helps. At most five; the oldest goes. */
import type { Operation } from '#api';
import { describeFailure, type Failure } from './failure.ts';

export interface Notice {
  readonly id: number;
  readonly variant: 'success' | 'warning' | 'danger';
  readonly title: string;
  readonly detail: string | undefined;
  /** What has failed, where something has. */
  readonly failure: Failure | undefined;
}

const maxNotices = 5;

export class Notices {
  readonly #listeners = new Set<() => void>();
  #list: readonly Notice[] = [];
  #next = 1;

  get list(): readonly Notice[] {
    return this.#list;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  tell(title: string, detail?: string): void {
    this.#add({ variant: 'success', title, detail, failure: undefined });
  }

  /** What has begun has ended: done, perhaps with something to be said of it, or failed. */
  conclude(
    titles: { readonly done: string; readonly failed: string },
    { state, fault, result }: Pick<Operation, 'state' | 'fault' | 'result'>,
  ): void {
    if (state !== 'done') {
      if (fault !== null) this.fail(titles.failed, fault);
      return;
    }
    const warnings = result?.['warnings'];
    if (Array.isArray(warnings) && warnings.length > 0)
      this.#add({
        variant: 'warning',
        title: titles.done,
        detail: warnings.filter((one) => typeof one === 'string').join('; '),
        failure: undefined,
      });
    else this.tell(titles.done);
  }

  fail(title: string, error: unknown): void {
    const failure = describeFailure(error);
    this.#add({ variant: 'danger', title, detail: undefined, failure });
  }

  remove(id: number): void {
    this.#list = this.#list.filter((notice) => notice.id !== id);
    this.#changed();
  }

  #add(notice: Omit<Notice, 'id'>): void {
    this.#list = [...this.#list, { ...notice, id: this.#next }].slice(-maxNotices);
    this.#next += 1;
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
