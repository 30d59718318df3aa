/**
 * The typed client that CLI, agent, console and scripts use: `client.call('vm.show', { params: { vm } })`.
 * It runs wherever there is `fetch`. Answers are not validated again: the server is ours and its own
 * tests hold it to the schemas; a program that wants it may parse with the route's `response`. What a server of
 * before does not send yet is filled in where there is something to take for it (later-fields.ts).
 */
import type { z } from 'zod';
import { Fault, systemClock, withDeadline } from '#lib';
import type { DryRun } from './dry-run.ts';
import { faultFromProblem } from './fault-from-problem.ts';
import type { Operation } from './operation.ts';
import { finishedStates } from './operation-state.ts';
import type { Event } from './event/event.ts';
import { withLaterFields } from './later-fields.ts';
import { uploadMediaType, type Route } from './routes/route.ts';
import { routes, type RouteName } from './routes/mod.ts';

type Input<T> = T extends z.ZodType ? z.input<T> : never;
type Table = typeof routes;
type Part<N extends RouteName, K extends 'params' | 'query' | 'body'> = Table[N] extends {
  readonly [P in K]: infer S;
}
  ? Input<S>
  : never;
/** Query values as the handler gets them: they are written as text on the way. */
type QueryOf<N extends RouteName> = Table[N] extends { readonly query: infer S extends z.ZodType }
  ? Partial<z.infer<S>>
  : undefined;
type Needed<N extends RouteName, K extends 'params' | 'body'> = Table[N] extends {
  readonly [P in K]: z.ZodType;
}
  ? { readonly [P in K]: Part<N, K> }
  : unknown;

/** Bytes that are sent as they are read, so that a program has few of them in memory; browsers send blobs. */
export interface StreamedBytes {
  readonly sizeBytes: number;
  readonly bytes: ReadableStream<Uint8Array>;
}
export type UploadBody = Blob | StreamedBytes;

type Upload<N extends RouteName> = Table[N] extends { readonly upload: object }
  ? { readonly upload: UploadBody }
  : unknown;

export type CallInput<N extends RouteName> = Needed<N, 'params'> &
  Needed<N, 'body'> &
  Upload<N> & {
    readonly query?: QueryOf<N>;
    /** Version for If-Match. */
    readonly ifMatch?: number;
    /** Repeating a request with the same key has one effect. */
    readonly idempotencyKey?: string;
  };

type Response<N extends RouteName> = Table[N] extends {
  readonly response: infer S extends z.ZodType;
}
  ? z.infer<S>
  : undefined;

export type CallOutput<N extends RouteName> = Table[N]['answer'] extends 'operation'
  ? Operation
  : Table[N]['answer'] extends 'bytes'
    ? Uint8Array
    : Response<N>;

export interface ClientOptions {
  /** For example https://127.0.0.1:7443. */
  readonly server: string;
  /** Bearer token, where there is one (in a browser the session cookie does it). */
  readonly token?: string | undefined;
  readonly fetch?: typeof fetch;
  readonly timeoutMs?: number;
  /** Every change is only checked; one that cannot be is refused with `unsupported`. */
  readonly dryRun?: boolean;
  /** Told of every call, for `--debug`. Never sees the token, nor a password. */
  readonly trace?: (line: {
    readonly method: string;
    readonly url: string;
    readonly body: unknown;
    readonly status: number;
    readonly ms: number;
  }) => void;
}

/** Routes of whose content a part may be asked for. */
export type RangesRoute = {
  [N in RouteName]: Table[N] extends { readonly ranges: true } ? N : never;
}[RouteName];

export interface Download {
  /** Where in the content the bytes begin. */
  readonly offset: number;
  /** Of the whole content. */
  readonly sizeBytes: number;
  /** Another one as soon as the content is another. */
  readonly tag: string;
  readonly content: AsyncIterable<Uint8Array>;
}

const none: AsyncIterable<Uint8Array> = (async function* () {
  // There are no more bytes.
})();

export interface StreamMessage {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: unknown;
}

const maxStreamLine = 4 * 1024 * 1024;
const firstPauseMs = 250;
const maxPauseMs = 10_000;

const secretNames: ReadonlySet<string> = new Set([
  'password',
  'oldPassword',
  'secret',
  'token',
  'code',
]);

/** The body as `trace` sees it. */
function hideSecrets(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      secretNames.has(name) ? '(hidden)' : (value as unknown),
    ]),
  );
}

/** A request that only looks may come by POST as well: its right is one to look. */
function changes({ method, right }: Route): boolean {
  return method !== 'GET' && !right.endsWith('.view');
}

function checkOnly(name: RouteName, query: object = {}): Record<string, unknown> {
  const route: Route = routes[name];
  if (route.query === undefined || !('dryRun' in route.query.shape)) {
    throw new Fault('unsupported', `${name} cannot be tried out: it has no dry run`, {
      hint: 'nothing was changed; leave the dry run out to do it',
    });
  }
  return { ...query, dryRun: true };
}

export class Client {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get server(): string {
    return this.#options.server;
  }

  /** The URL of a route, with parameters and query in place. */
  url(
    name: RouteName,
    params: Readonly<Record<string, unknown>> = {},
    query: Readonly<Record<string, unknown>> = {},
  ): URL {
    const path = routes[name].path.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
      encodeURIComponent(String(params[key])),
    );
    const url = new URL(`/api/v1${path}`, this.#options.server);
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(key, String(value));
    return url;
  }

  /** One call. Errors: the server's fault; `unavailable` when it cannot be reached; `timeout`. */
  async call<N extends RouteName>(
    name: N,
    input: CallInput<N>,
    signal?: AbortSignal,
  ): Promise<CallOutput<N>> {
    const route: Route = routes[name];
    const { method, answer } = route;
    const given = input as {
      params?: Record<string, unknown>;
      query?: Record<string, unknown>;
      body?: unknown;
      upload?: UploadBody;
      ifMatch?: number;
      idempotencyKey?: string;
    };
    const query =
      this.#options.dryRun === true && changes(route) ? checkOnly(name, given.query) : given.query;
    const url = this.url(name, given.params, query);
    const headers: Record<string, string> = this.#headers();
    if (given.body !== undefined) headers['content-type'] = 'application/json';
    if (given.upload !== undefined) headers['content-type'] = uploadMediaType;
    const streamed = given.upload instanceof Blob ? undefined : given.upload;
    if (streamed !== undefined) headers['content-length'] = String(streamed.sizeBytes);
    if (given.ifMatch !== undefined) headers['if-match'] = `"${given.ifMatch}"`;
    if (given.idempotencyKey !== undefined) headers['idempotency-key'] = given.idempotencyKey;
    const started = performance.now();
    const response = await this.#fetch(
      url,
      {
        method,
        headers,
        ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
        ...(given.upload instanceof Blob ? { body: given.upload } : {}),
        ...(streamed === undefined ? {} : { body: streamed.bytes, duplex: 'half' }),
      },
      signal,
    );
    this.#options.trace?.({
      method,
      url: url.pathname + url.search,
      body: hideSecrets(given.body),
      status: response.status,
      ms: performance.now() - started,
    });
    if (!response.ok)
      throw faultFromProblem(response.status, await response.json().catch(() => undefined));
    if (answer === 'bytes') return new Uint8Array(await response.arrayBuffer()) as CallOutput<N>;
    if (response.status === 204) return undefined as CallOutput<N>;
    return withLaterFields(await response.json()) as CallOutput<N>;
  }

  /** The bytes of a `bytes` answer as they come. Errors: as `call`. */
  async read<N extends RouteName>(
    name: N,
    input: CallInput<N>,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const { params, query } = input as {
      params?: Record<string, unknown>;
      query?: Record<string, unknown>;
    };
    const url = this.url(name, params, query);
    const response = await this.#fetch(url, { headers: this.#headers() }, signal);
    if (!response.ok || response.body === null)
      throw faultFromProblem(response.status, await response.json().catch(() => undefined));
    return response.body;
  }

  /**
   * The content of an answer with ranges from `offset` on, if it is still the one of that tag, else from its beginning. Its bytes end
   * early where the connection breaks. Errors: as `call`.
   */
  async download<N extends RangesRoute>(
    name: N,
    input: CallInput<N>,
    { offset, tag }: { readonly offset: number; readonly tag: string },
    signal: AbortSignal,
  ): Promise<Download> {
    const { params, query } = input as {
      params?: Record<string, unknown>;
      query?: Record<string, unknown>;
    };
    const part = offset === 0 ? {} : { range: `bytes=${offset}-`, 'if-range': `"${tag}"` };
    const headers = { ...this.#headers(), ...part };
    // As long as the signal does not end it: the bytes come after the answer.
    const response = await this.#fetch(this.url(name, params, query), { headers }, signal, 0);
    const found = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(
      response.headers.get('content-range') ?? '',
    );
    const isAtEnd = response.status === 416 && Number(found?.[2]) === offset;
    if (!response.ok && !isAtEnd)
      throw faultFromProblem(response.status, await response.json().catch(() => undefined));
    const length = Number(response.headers.get('content-length') ?? 0);
    return {
      offset: isAtEnd ? offset : Number(found?.[1] ?? 0),
      sizeBytes: found === null ? length : Number(found[2]),
      tag: (response.headers.get('etag') ?? '').replaceAll('"', ''),
      content: response.body ?? none,
    };
  }

  /** What a call that begins an operation would do: everything is checked, nothing is changed. Errors: as `call`. */
  async dryRun<N extends RouteName>(
    name: N,
    input: CallInput<N>,
    signal?: AbortSignal,
  ): Promise<DryRun> {
    const query = { ...(input as { query?: object }).query, dryRun: true };
    return (await this.call(
      name,
      { ...input, query } as CallInput<N>,
      signal,
    )) as unknown as DryRun;
  }

  /** Waits for an operation's end, telling each look on the way. Errors: as `call`. The end may be a failure: look at `state`. */
  async wait(
    operation: Operation,
    onLook?: (operation: Operation) => void,
    signal?: AbortSignal,
  ): Promise<Operation> {
    let last = operation;
    while (!finishedStates.includes(last.state)) {
      signal?.throwIfAborted();
      last = await this.call(
        'operation.show',
        { params: { operation: operation.id }, query: { waitSeconds: onLook ? 1 : 20 } },
        signal,
      );
      onLook?.(last);
    }
    return last;
  }

  /** All items of a list, page by page. */
  async *list<N extends RouteName>(
    name: N,
    query: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): AsyncGenerator<CallOutput<N> extends { items: readonly (infer I)[] } ? I : never> {
    let cursor: string | null = null;
    do {
      const page = (await this.call(
        name,
        { query: { ...query, ...(cursor === null ? {} : { cursor }) } } as CallInput<N>,
        signal,
      )) as unknown as { items: readonly unknown[]; nextCursor: string | null };
      for (const item of page.items) yield item as never;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  /** Server-sent events (WHATWG HTML 9.2) of a stream route, once: ends when the server ends; resume with the last id. */
  async *stream(
    name: 'watch.open' | 'event.watch',
    query: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): AsyncGenerator<StreamMessage> {
    const response = await this.#fetch(
      this.url(name, {}, query),
      { headers: { ...this.#headers(), accept: 'text/event-stream' } },
      signal,
      0,
    );
    if (!response.ok || response.body === null)
      throw faultFromProblem(response.status, await response.json().catch(() => undefined));
    let rest = '';
    let id: string | undefined;
    let event = 'message';
    let data: string[] = [];
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      rest += chunk;
      if (rest.length > maxStreamLine)
        throw new Fault('too-large', 'an event of the stream is too large');
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        const line = rest.slice(0, end).replace(/\r$/, '');
        rest = rest.slice(end + 1);
        if (line === '') {
          if (data.length > 0) yield { id, event, data: JSON.parse(data.join('\n')) as unknown };
          event = 'message';
          data = [];
        } else if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
        else if (line.startsWith('id:')) id = line.slice(3).trim();
        else if (line.startsWith('event:')) event = line.slice(6).trim();
      }
    }
  }

  /**
   * Events without a gap, over broken connections and restarts of the server, until the signal aborts.
   * Without `since` from now on. Errors: those that waiting does not mend.
   */
  async *events(
    filter: string | undefined,
    since: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Event> {
    let last = since ?? (await this.#newestEvent(signal));
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        for await (const { data } of this.stream('event.watch', { filter, since: last }, signal)) {
          const event = data as Event;
          last = event.seq;
          failures = 0;
          yield event;
        }
      } catch (error) {
        signal.throwIfAborted();
        // What is no fault is a connection that broke in the middle.
        if (error instanceof Fault && !error.retry) throw error;
      }
      await systemClock.sleep(Math.min(maxPauseMs, firstPauseMs * 2 ** failures), signal);
    }
  }

  async #newestEvent(signal: AbortSignal): Promise<number> {
    const page = await this.call('event.list', { query: { limit: 1 } }, signal);
    return page.items[0]?.seq ?? 0;
  }

  #headers(): Record<string, string> {
    return this.#options.token === undefined
      ? {}
      : { authorization: `Bearer ${this.#options.token}` };
  }

  async #fetch(
    url: URL,
    init: RequestInit,
    signal: AbortSignal | undefined,
    limitMs = this.#options.timeoutMs ?? 90_000,
  ): Promise<globalThis.Response> {
    const call = this.#options.fetch ?? fetch;
    const what = `the server at ${url.origin}`;
    try {
      if (limitMs === 0) return await call(url, { ...init, ...(signal ? { signal } : {}) });
      return await withDeadline(what, limitMs, signal, (inner) =>
        call(url, { ...init, signal: inner }),
      );
    } catch (error) {
      if (error instanceof Fault) throw error;
      signal?.throwIfAborted();
      // What was sent could not be read.
      if (error instanceof Error && error.cause instanceof Fault) throw error.cause;
      throw new Fault('unavailable', `${what} cannot be reached`, {
        cause: error,
        hint: 'look whether it runs with: gantry status',
      });
    }
  }
}
