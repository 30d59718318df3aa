/**
 * Every route of the table on the server: who asks, whether they may, what they ask, then the handler, and
 * its answer as the table says it.
 *
 *   onRequest   head, caller, parameters, right (before a byte of the body is read)
 *   parsing     the body, bounded, as JSON
 *   handler     query and body against the schemas; once per Idempotency-Key; the handler; the answer
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { assert, Fault } from '#lib';
import type { Log } from '#log';
import {
  routes,
  uploadMediaType,
  type DryRun,
  type Operation,
  type Route,
  type RouteName,
} from '#api';
import type { Caller, Coordinator } from '../context.ts';
import { sendEventStream } from './event-stream.ts';
import { acceptedAnswer } from './accepted.ts';
import type { Claims } from './claims.ts';
import { admit, targetOf } from './exchange.ts';
import type { Gate, Target } from './gate.ts';
import { Repeated, type Answer, type Repeatable } from './once.ts';
import { parseIfMatch, writeEntityTag } from '../app/precondition.ts';
import { Readable } from 'node:stream';
import type { Upload } from '../app/host-disk-files.ts';
import type { Handlers, RouteRequest, StreamMessage } from './route-handler.ts';
import { securityHeaders } from './security-headers.ts';
import { parseWith } from '../app/issues.ts';

export interface RoutesOptions {
  readonly coordinator: Coordinator;
  readonly handlers: Handlers;
  readonly gate: Gate;
  readonly log: Log;
  readonly claims: Claims;
  /** Open event streams; the server ends them when it stops. */
  readonly streams: Set<AbortController>;
}

/** What is known of a request while it is handled. */
export interface RequestState {
  correlationId: string;
  startedAt: number;
  caller: Caller | undefined;
  target: Target | undefined;
  id: string;
  route: RouteName | '';
  error: unknown;
  /** Of an answer with bytes, where it is another than 200. */
  status?: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    state: RequestState;
  }
}

const maxStreams = 2000;
const streamMediaType = 'text/event-stream; charset=utf-8';
const maxPreferredWaitSeconds = 60;

/** Answers that show a secret, once. */
const secretAnswers: ReadonlySet<RouteName> = new Set([
  'session.create',
  'session.second-factor.begin',
  'token.create',
  'user.link',
  'host.join-token',
  'vm.console.ticket',
  'vm.console.link.create',
  'console.link.open',
]);

/** What these do reaches a guest or a host at once, and no commit could tell that it was done. */
const effectsOutside: ReadonlySet<RouteName> = new Set([
  'vm.type',
  'vm.keys',
  'vm.clock.set',
  'vm.freeze.begin',
  'vm.freeze.end',
  'vm.trim',
  'vm.password.set',
  'vm.extension',
  'host.extension',
  'operation.pace',
]);

function answerOf(name: RouteName, route: Route): Repeatable['answer'] {
  if (route.answer === 'operation') return 'operation';
  return secretAnswers.has(name) ? 'secret' : 'kept';
}

export function registerRoutes(server: FastifyInstance, options: RoutesOptions): void {
  const repeated = new Repeated(options.coordinator, options.claims);
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: Route = routes[name];
    server.route({
      method: route.method,
      url: `/api/v1${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      onRequest: async (request) => {
        request.state.route = name;
        await begin(options, route, request);
      },
      handler: async (request, reply) => {
        if (route.answer === 'websocket')
          throw new Fault('invalid', `${route.summary}: this route is a WebSocket`, {
            hint: 'open it with an upgrade (RFC 6455)',
          });
        if (route.answer === 'events') await stream(options, name, route, request, reply);
        else await answer(options, repeated, name, route, request, reply);
        return reply;
      },
    });
  }
}

async function begin(
  { gate, coordinator }: RoutesOptions,
  route: Route,
  request: FastifyRequest,
): Promise<void> {
  const { state } = request;
  state.caller = await gate.authenticate(request.raw, state.correlationId);
  const params =
    route.params === undefined ? {} : parseWith(route.params, request.params, 'the path');
  state.target = targetOf(route, params, coordinator.inventory);
  state.id = admit(gate, coordinator.inventory, state.caller, route, state.target);
}

/** The request as the handler gets it. */
function prepare(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  signal: AbortSignal,
): RouteRequest<RouteName> {
  const { state } = request;
  const { caller, id } = state;
  assert(caller !== undefined, 'a handler has a caller');
  const query: unknown = request.query;
  if (route.query === undefined && Object.keys(query as object).length > 0)
    throw new Fault('invalid', 'this route takes no query', {
      facts: { names: Object.keys(query as object).slice(0, 10) },
    });
  if (route.upload === undefined && request.body instanceof Readable)
    throw new Fault('invalid', 'the body is not declared as JSON', {
      hint: 'send the header content-type: application/json',
    });
  if (route.body === undefined && route.upload === undefined && request.body !== undefined)
    throw new Fault('invalid', 'this route takes no body');
  return {
    caller,
    id,
    params:
      route.params === undefined ? undefined : parseWith(route.params, request.params, 'the path'),
    query: route.query === undefined ? undefined : parseWith(route.query, query, 'the query'),
    body:
      route.body === undefined ? undefined : parseWith(route.body, request.body ?? {}, 'the body'),
    upload: route.upload === undefined ? undefined : uploadOf(route.upload.maxBytes, request),
    precondition: route.conditional ? parseIfMatch(request.headers['if-match']) : undefined,
    lastEventId: lastEventId(request),
    select: {
      method: request.method,
      range: request.headers.range,
      ifRange: headerText(request, 'if-range'),
    },
    cookie: (name) => readCookie(request.headers.cookie, name),
    setHeader: (name, value) => {
      reply.header(name, value);
    },
    setStatus: (status) => {
      state.status = status;
    },
    signal,
  } as RouteRequest<RouteName>;
}

/** Errors: `invalid` without bytes or their length; `too-large`. */
function uploadOf(maxBytes: number, { body, headers }: FastifyRequest): Upload {
  const length = headers['content-length'] ?? '';
  if (!(body instanceof Readable) || !/^\d{1,15}$/.test(length))
    throw new Fault('invalid', 'this route takes bytes with their length', {
      hint: `send the headers content-type: ${uploadMediaType} and content-length`,
    });
  const sizeBytes = Number(length);
  if (sizeBytes > maxBytes)
    throw new Fault('too-large', `the body is larger than ${maxBytes} bytes`, {
      facts: { limit: maxBytes },
    });
  return { sizeBytes, content: body };
}

async function answer(
  options: RoutesOptions,
  repeated: Repeated,
  name: RouteName,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const controller = new AbortController();
  // An answer that was sent whole is no reason to abort: making one costs more than the rest of a small answer.
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  const asked = prepare(route, request, reply, controller.signal);
  const handle = options.handlers[name] as (request: RouteRequest<RouteName>) => unknown;
  const run = async (): Promise<Answer> =>
    await render(options, route, request, await handle(asked), controller.signal);
  // A file that is sent again is there as if it had been sent once.
  const isOnceAnyway = route.method === 'GET' || route.upload !== undefined;
  const key = isOnceAnyway ? undefined : request.headers['idempotency-key'];
  const made =
    key === undefined
      ? await run()
      : await repeated.once(
          asked.caller,
          {
            key,
            request: whatIsAsked(request),
            answer: answerOf(name, route),
            effect: effectsOutside.has(name) ? 'outside' : 'commit',
          },
          run,
        );
  const isContent = route.answer === 'bytes' && made.status === 200;
  reply.code(isContent ? (request.state.status ?? made.status) : made.status);
  reply.headers(made.headers);
  if (isContent) await reply.type(route.mediaType ?? 'application/octet-stream').send(made.body);
  else if (made.body === undefined) await reply.send();
  else await reply.type('application/json; charset=utf-8').send(JSON.stringify(made.body));
}

/** What makes two requests the same one. */
function whatIsAsked(request: FastifyRequest): string {
  return JSON.stringify([
    request.method,
    request.url,
    request.headers['if-match'] ?? null,
    request.body ?? null,
  ]);
}

async function render(
  { coordinator }: RoutesOptions,
  route: Route,
  request: FastifyRequest,
  value: unknown,
  signal: AbortSignal,
): Promise<Answer> {
  if (route.answer === 'operation') {
    const begun = value as Operation | DryRun;
    if ('dryRun' in begun) return { status: 200, headers: {}, body: begun };
    const waitSeconds = preferredWait(request.headers['prefer']);
    const operation =
      waitSeconds === undefined
        ? begun
        : await coordinator.operations.wait(begun.id, waitSeconds * 1000, signal);
    return acceptedAnswer(operation, waitSeconds);
  }
  if (value === undefined) return { status: 204, headers: {}, body: undefined };
  return { status: 200, headers: entityTag(value), body: value };
}

/** A single resource has its version as its tag; lists and other answers have none. */
function entityTag(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  const { kind, version } = value as { readonly kind?: unknown; readonly version?: unknown };
  return typeof kind === 'string' && typeof version === 'number'
    ? { etag: writeEntityTag(version) }
    : {};
}

/** `Prefer: wait=10` (RFC 7240 4.3); what is not understood is left out, as the RFC says. */
function preferredWait(header: string | string[] | undefined): number | undefined {
  const match = /(?:^|[,;]\s*)wait=(\d{1,4})(?:$|[,;\s])/.exec(String(header ?? ''));
  return match ? Math.min(Number(match[1]), maxPreferredWaitSeconds) : undefined;
}

function headerText({ headers }: FastifyRequest, name: string): string | undefined {
  const given = headers[name];
  return typeof given === 'string' ? given : undefined;
}

function lastEventId(request: FastifyRequest): number | undefined {
  const given = request.headers['last-event-id'];
  if (given === undefined || given === '') return undefined;
  if (typeof given !== 'string' || !/^\d{1,15}$/.test(given))
    throw new Fault('invalid', 'the header Last-Event-ID is not the id of an event');
  return Number(given);
}

export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

async function stream(
  { handlers, streams, log }: RoutesOptions,
  name: RouteName,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (streams.size >= maxStreams)
    throw new Fault('exhausted', `${maxStreams} event streams are open already`);
  const controller = new AbortController();
  const asked = prepare(route, request, reply, controller.signal);
  // Fastify answers a HEAD by the handler of the GET, and this one would never end.
  if (request.method === 'HEAD') {
    await reply.type(streamMediaType).send();
    return;
  }
  const handle = handlers[name] as (
    request: RouteRequest<RouteName>,
  ) => AsyncIterable<StreamMessage> | Promise<AsyncIterable<StreamMessage>>;
  const messages = await handle(asked);
  streams.add(controller);
  reply.hijack();
  try {
    reply.raw.writeHead(200, {
      ...securityHeaders,
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': streamMediaType,
      'x-accel-buffering': 'no',
    });
    await sendEventStream(reply.raw, messages, controller, log);
  } finally {
    streams.delete(controller);
  }
}
