/**
 * How the Idempotency-Key of a request gets into the commit that carries the request out: the first commit
 * with writes that is made while the request is handled takes the key along, on the condition that nobody
 * has taken it meanwhile.
 *
 * Invariant: what a keyed request has written, its key was written with. A program that ends between the
 * change and the answer leaves the key behind, and a repetition does not carry the change out again.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Coordinator } from '../context.ts';
import type { RequestDocument } from '../documents.ts';
import type { Change, Commit, Condition } from '../store/store.ts';

type CommitFunction = Coordinator['commit'];

/** The key of one request, and whether a commit has taken it along. */
export class Claim {
  readonly #request: { readonly hash: string; readonly expiresAt: string };
  readonly #id: string;
  readonly #replaces: number | undefined;
  #state: 'free' | 'taken' | 'over' = 'free';
  /** Settles when the commit that takes it along is through. */
  #taking: Promise<void> | undefined;

  /** `id`: of the document of kind request; `replaces`: version of one that is there and has expired. */
  constructor(
    id: string,
    request: { readonly hash: string; readonly expiresAt: string },
    replaces: number | undefined,
  ) {
    this.#id = id;
    this.#request = request;
    this.#replaces = replaces;
  }

  get isTaken(): boolean {
    return this.#state === 'taken';
  }

  /** What is written from now on is not the request's. */
  end(): void {
    if (this.#state === 'free') this.#state = 'over';
  }

  async commit(commit: Commit, next: CommitFunction): Promise<Change> {
    // Of several commits at the same time the others wait until the key is taken or free again.
    while (this.#taking !== undefined) await this.#taking;
    if (this.#state !== 'free') return await next(commit);
    const change = next(this.#added(commit));
    this.#taking = change.then(
      () => {
        this.#state = 'taken';
        this.#taking = undefined;
      },
      () => {
        this.#taking = undefined;
      },
    );
    return await change;
  }

  #added(commit: Commit): Commit {
    const name = { kind: 'request', id: this.#id } as const;
    const condition: Condition =
      this.#replaces === undefined
        ? { ...name, absent: true }
        : { ...name, version: this.#replaces };
    const operation = commit.writes?.find(({ kind }) => kind === 'operation');
    const data: RequestDocument = {
      ...this.#request,
      outcome: { kind: 'begun', operationId: operation?.id ?? null },
    };
    return {
      ...commit,
      conditions: [...(commit.conditions ?? []), condition],
      writes: [...(commit.writes ?? []), { ...name, data }],
    };
  }
}

export class Claims {
  readonly #current = new AsyncLocalStorage<Claim>();

  /** Does the work; its first commit takes the claim along. */
  async during<T>(claim: Claim, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#current.run(claim, work);
    } finally {
      claim.end();
    }
  }

  /** Commits, with the claim of the request that is handled. Errors: those of `next`. */
  commit(commit: Commit, next: CommitFunction): Promise<Change> {
    const claim = this.#current.getStore();
    const writes = (commit.writes ?? []).length > 0;
    return claim !== undefined && writes ? claim.commit(commit, next) : next(commit);
  }
}
