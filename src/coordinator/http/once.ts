/**
 * Idempotency-Key: a request that is repeated with the same key has one effect and gets the same answer.
 * The key is committed with the change (claims.ts), its answer after it. Both are kept for a day under user
 * and key, in the store only; a request that fails is not kept, so that it may be tried again. Two at the
 * same time: the second waits for the first.
 *
 * An answer that shows a secret is not kept, because secrets are not: its repetition is refused. So is that of
 * a request whose answer nobody knows, because the coordinator ended before it was written down.
 */
import { createHash } from 'node:crypto';
import { Fault, isoTime } from '#lib';
import type { Caller, Coordinator } from '../context.ts';
import type { RequestDocument } from '../documents.ts';
import type { Document, Json } from '../store/store.ts';
import { acceptedAnswer } from './accepted.ts';
import { Claim, type Claims } from './claims.ts';

const keptMs = 24 * 3_600_000;
/** Of a longer answer only is kept that there was one. In UTF-16 units. */
const maxKeptLength = 256 * 1024;
const keyPattern = /^[\x21-\x7e]{1,128}$/;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface Repeatable {
  readonly key: string | string[];
  /** What makes two requests the same one. */
  readonly request: string;
  readonly answer: 'kept' | 'operation' | 'secret';
  /** `outside`: what it does is no commit, and the key must be written down before it. */
  readonly effect: 'commit' | 'outside';
}

type Context = Pick<Coordinator, 'store' | 'inventory' | 'commit' | 'clock'>;

export class Repeated {
  readonly #context: Context;
  readonly #claims: Claims;
  readonly #running = new Map<
    string,
    { readonly hash: string; readonly answer: Promise<Answer> }
  >();

  constructor(context: Context, claims: Claims) {
    this.#context = context;
    this.#claims = claims;
  }

  /** Errors: `invalid` for a key that is none; `refused` for a key that was used for another request. */
  async once(caller: Caller, repeatable: Repeatable, run: () => Promise<Answer>): Promise<Answer> {
    const { key } = repeatable;
    if (typeof key !== 'string' || !keyPattern.test(key))
      throw new Fault('invalid', 'the header Idempotency-Key is not 1 to 128 visible characters');
    if (caller.userId === null) return await run();
    const id = `${caller.userId}/${key}`;
    const hash = createHash('sha256').update(repeatable.request).digest('hex');
    const running = this.#running.get(id);
    if (running !== undefined) {
      requireSame(running.hash, hash);
      return await running.answer;
    }
    const answer = this.#answer(id, hash, repeatable, run);
    this.#running.set(id, { hash, answer });
    try {
      return await answer;
    } finally {
      this.#running.delete(id);
    }
  }

  async #answer(
    id: string,
    hash: string,
    repeatable: Repeatable,
    run: () => Promise<Answer>,
  ): Promise<Answer> {
    const { store, clock } = this.#context;
    // The store knows the shape of its kinds: documents.ts.
    const known = (await store.read('request', id)) as Document<RequestDocument> | undefined;
    const now = clock.now();
    if (known !== undefined && known.data.expiresAt > isoTime(now)) {
      requireSame(known.data.hash, hash);
      return this.#repeat(known.data.outcome, repeatable.answer);
    }
    const request = { hash, expiresAt: isoTime(now + keptMs) };
    const isAhead = repeatable.effect === 'outside';
    if (isAhead)
      await this.#keep(id, { ...request, outcome: { kind: 'begun', operationId: null } });
    const claim = new Claim(id, request, known?.version);
    let answer: Answer;
    try {
      answer = isAhead ? await run() : await this.#claims.during(claim, run);
    } catch (error) {
      if (isAhead || claim.isTaken)
        await this.#context.commit({ writes: [{ kind: 'request', id, delete: true }] });
      throw error;
    }
    await this.#keep(id, { ...request, outcome: outcomeOf(answer, repeatable.answer) });
    return answer;
  }

  async #keep(id: string, data: RequestDocument): Promise<void> {
    await this.#context.commit({ writes: [{ kind: 'request', id, data }] });
  }

  #repeat(outcome: RequestDocument['outcome'], answer: Repeatable['answer']): Answer {
    if (outcome.kind === 'answered') return { body: undefined, ...outcome.answer };
    const { operationId } = outcome;
    const operation =
      operationId === null || answer !== 'operation'
        ? undefined
        : this.#context.inventory.operation(operationId);
    if (operation !== undefined) return acceptedAnswer(operation);
    throw outcome.kind === 'begun' ? neverAnswered() : answerGone();
  }
}

function requireSame(known: string, now: string): void {
  if (known !== now)
    throw new Fault('refused', 'the Idempotency-Key was used for another request', {
      hint: 'take a new key for every new request',
    });
}

/** What is kept of an answer. */
function outcomeOf(answer: Answer, kept: Repeatable['answer']): RequestDocument['outcome'] {
  const { status, headers, body } = answer;
  const gone = { kind: 'not-kept', operationId: null } as const;
  if (body === undefined) return { kind: 'answered', answer: { status, headers } };
  if (kept === 'secret' || JSON.stringify(body).length > maxKeptLength) return gone;
  return { kind: 'answered', answer: { status, headers, body: body as Json } };
}

function answerGone(): Fault {
  return new Fault('refused', 'this was done already; its answer was shown once and is not kept', {
    hint: 'make another one with a new Idempotency-Key',
  });
}

function neverAnswered(): Fault {
  return new Fault(
    'refused',
    'this was begun already, and the coordinator ended before it was answered',
    { hint: 'look at what it was about; to ask for it once more, take a new Idempotency-Key' },
  );
}
