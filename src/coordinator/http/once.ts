/**
 * Idempotency-Key: a request that is repeated with the same key has one effect and gets the same answer.
 * Answers are kept for a day under user and key; one that fails is not kept, so that it may be tried again.
 * Two at the same time: the second waits for the first.
 *
 * An answer that shows a secret is not kept, because secrets are not: its repetition is refused.
 */
import { createHash } from 'node:crypto';
import { Fault, isoTime } from '#lib';
import type { Caller, Coordinator } from '../context.ts';
import type { RequestDocument } from '../documents.ts';
import type { Json } from '../store/store.ts';

const keptMs = 24 * 3_600_000;
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
  readonly answer: 'kept' | 'secret';
}

type Context = Pick<Coordinator, 'inventory' | 'commit' | 'clock'>;

export class Repeated {
  readonly #context: Context;
  readonly #running = new Map<
    string,
    { readonly hash: string; readonly answer: Promise<Answer> }
  >();

  constructor(context: Context) {
    this.#context = context;
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
    const known = this.#context.inventory.document<RequestDocument>('request', id);
    if (known !== undefined && known.data.expiresAt > isoTime(this.#context.clock.now())) {
      requireSame(known.data.hash, hash);
      return repeat(known.data);
    }
    const answer = this.#runAndKeep(id, hash, repeatable.answer, run);
    this.#running.set(id, { hash, answer });
    try {
      return await answer;
    } finally {
      this.#running.delete(id);
    }
  }

  async #runAndKeep(
    id: string,
    hash: string,
    kept: Repeatable['answer'],
    run: () => Promise<Answer>,
  ): Promise<Answer> {
    const answer = await run();
    const document: RequestDocument = {
      hash,
      status: answer.status,
      body:
        kept === 'secret' || answer.body === undefined
          ? null
          : { headers: answer.headers, body: answer.body as Json },
      expiresAt: isoTime(this.#context.clock.now() + keptMs),
    };
    await this.#context.commit({ writes: [{ kind: 'request', id, data: document }] });
    return answer;
  }
}

function requireSame(known: string, now: string): void {
  if (known !== now)
    throw new Fault('refused', 'the Idempotency-Key was used for another request', {
      hint: 'take a new key for every new request',
    });
}

function repeat({ status, body }: RequestDocument): Answer {
  if (body === null) {
    if (status === 204) return { status, headers: {}, body: undefined };
    throw new Fault('refused', 'this was done already; its answer was shown once and is not kept', {
      hint: 'make another one with a new Idempotency-Key',
    });
  }
  const kept = body as { readonly headers: Record<string, string>; readonly body: Json };
  return { status, headers: kept.headers, body: kept.body };
}
