/**
 * The HTTP server: one port for API, its page, /metrics, the console, agents and
 * streams (upgrades). Everything that comes in is bounded before it is looked at: head 16 KiB, URL 8 KiB, body 1 MiB or what a route says of an
 * upload, 15 s for a head and 60 s for a body.
 */
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket, type TlsOptions } from 'node:tls';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Fault } from '#lib';
import type { Log } from '#log';
import { buildOpenApi, uploadMediaType } from '#api';
import type { Tickets } from '../consoles/tickets.ts';
import type { Coordinator } from '../context.ts';
import { buildApiPage, type Page } from './api-page.ts';
import { builtConsole, registerConsole } from './console-files.ts';
import type { Claims } from './claims.ts';
import { checkHead, correlationHeader, correlationOf } from './exchange.ts';
import type { Gate } from './gate.ts';
import { Metrics, metricsMediaType } from './metrics.ts';
import { makeProblem, problemBytes, problemMediaType } from './problem.ts';
import type { Handlers } from './route-handler.ts';
import { registerRoutes } from './routes.ts';
import {
  forgottenTransportSecurity,
  securityHeaders,
  transportSecurity,
} from './security-headers.ts';
import { Upgrades, type UpgradesOptions } from './upgrades.ts';
import { parseJson } from './json.ts';
import { PlainConnections } from './plain-http.ts';

const maxBodyBytes = 1024 * 1024;
const maxHeaderBytes = 16 * 1024;
const maxParameterLength = 4096;
const closeMs = 3000;

export interface HttpServerOptions {
  readonly coordinator: Coordinator;
  readonly handlers: Handlers;
  readonly gate: Gate;
  readonly claims: Claims;
  readonly tickets: Pick<Tickets, 'redeem'>;
  readonly agents: UpgradesOptions['agents'];
  readonly log: Log;
  readonly productVersion: string;
  readonly tls: TlsOptions;
  /** Folder of the built console; default: where `gantry up` builds it. */
  readonly consoleFolder?: string;
}

export class HttpServer implements AsyncDisposable {
  /** For what renews certificates. */
  readonly server: Server;
  readonly #fastify: FastifyInstance;
  /** All connections, those of upgrades too. */
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<AbortController>();
  readonly #upgrades: Upgrades;
  readonly #metrics = new Metrics();
  readonly #plain: PlainConnections;

  constructor(options: HttpServerOptions) {
    const { tls, log, coordinator, gate, handlers, claims } = options;
    this.server = createServer({ maxHeaderSize: maxHeaderBytes, ...tls });
    this.server.headersTimeout = 15_000;
    this.server.requestTimeout = 60_000;
    this.server.keepAliveTimeout = 65_000;
    this.server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#plain = new PlainConnections({
      server: this.server,
      inventory: coordinator.inventory,
      turnAway: (socket, fault) => sendLastWord(socket, fault, log),
    });
    this.#upgrades = new Upgrades({
      ...options,
      judgePlain: (request) => void this.#plain.judge(request),
    });
    this.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#upgrades.take(request, socket, head),
    );
    this.#fastify = fastify({
      serverFactory: (handler) => this.server.on('request', handler),
      clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, log),
      bodyLimit: maxBodyBytes,
      // HEAD is answered where GET is (RFC 9110 9.3.2).
      exposeHeadRoutes: true,
      return503OnClosing: true,
      forceCloseConnections: 'idle',
      routerOptions: { maxParamLength: maxParameterLength, caseSensitive: true },
      schemaController: {
        compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas },
      },
      // Before any hook: there is no route and no state.
      frameworkErrors: (error, request, reply) => {
        const correlationId = correlationOf(request.raw);
        const problem = makeProblem(translate(error), correlationId, log);
        void (reply as unknown as FastifyReply)
          .code(problem.status)
          .headers({ ...securityHeaders, [correlationHeader]: correlationId })
          .type(problemMediaType)
          .send(problemBytes(problem.body));
      },
    });
    this.#prepare(options);
    registerRoutes(this.#fastify, {
      coordinator,
      gate,
      handlers,
      claims,
      log,
      streams: this.#streams,
    });
    this.#registerPages(options);
  }

  /** Serves. Answers the address. Errors: `exists` naming the address when it is in use. */
  async listen(host: string, port: number): Promise<string> {
    try {
      await this.#fastify.listen({ host, port });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const shown = `${host}:${port}`;
      if (code === 'EADDRINUSE')
        throw new Fault('exists', `cannot serve on ${shown}: the address is in use`, {
          cause: error,
          hint: 'choose another one with --listen HOST:PORT, or stop the program that uses it',
        });
      if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
        throw new Fault('invalid', `cannot serve on ${shown}`, {
          cause: error,
          hint: 'choose an address of this machine and a port above 1023 with --listen HOST:PORT',
        });
      throw error;
    }
    const address = this.server.address() as AddressInfo;
    const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `https://${name}:${address.port}`;
  }

  /** Ends streams, consoles and links, lets requests that run finish for three seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#fastify.close();
    for (const stream of this.#streams) stream.abort();
    await this.#upgrades.close();
    const impatience = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, closeMs);
    await closed;
    clearTimeout(impatience);
    this.#metrics[Symbol.dispose]();
    this.#plain[Symbol.dispose]();
  }

  #prepare({ log, gate }: HttpServerOptions): void {
    const server = this.#fastify;
    server.decorateRequest('state');
    server.removeAllContentTypeParsers();
    server.addContentTypeParser(
      ['application/json', 'application/merge-patch+json'],
      { parseAs: 'string' },
      (_request, body, done) => {
        try {
          done(null, body === '' ? undefined : parseJson(body as string));
        } catch (error) {
          done(error as Error);
        }
      },
    );
    // Read by the handler of a route that takes it; its length is looked at there.
    server.addContentTypeParser(uploadMediaType, (_request, body, done) => done(null, body));
    server.addHook('onRequest', (request, reply, done) => {
      const correlationId = correlationOf(request.raw);
      request.state = {
        correlationId,
        startedAt: performance.now(),
        caller: undefined,
        target: undefined,
        id: '',
        route: '',
        error: undefined,
      };
      void reply.headers({ ...securityHeaders, [correlationHeader]: correlationId });
      try {
        const safe = this.#plain.judge(request.raw);
        if (safe !== undefined) {
          void reply.header('connection', 'close').redirect(safe, 308);
          return;
        }
        if (request.raw.socket instanceof TLSSocket)
          void reply.header(
            'strict-transport-security',
            this.#plain.way === 'served' ? forgottenTransportSecurity : transportSecurity,
          );
        checkHead(request.raw);
        done();
      } catch (error) {
        done(error as Error);
      }
    });
    server.setErrorHandler(async (error, request, reply) => {
      const fault = translate(error);
      request.state.error = fault;
      const problem = makeProblem(fault, request.state.correlationId, log);
      if (problem.retryAfterSeconds !== undefined)
        reply.header('retry-after', String(problem.retryAfterSeconds));
      if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="gantry"');
      // What is left of a body that was refused is not read.
      const isUpload = request.headers['content-type'] === uploadMediaType;
      if (problem.status === 413 || isUpload) reply.header('connection', 'close');
      await reply.code(problem.status).type(problemMediaType).send(problemBytes(problem.body));
    });
    server.setNotFoundHandler((request) => {
      throw new Fault('not-found', `there is no ${request.method} ${request.url.slice(0, 200)}`, {
        hint: 'what this server has is described at its /api; a newer client may ask for more',
      });
    });
    server.addHook('onResponse', (request, reply, done) => {
      this.#finish(request, reply.statusCode, gate, log);
      done();
    });
  }

  #finish(request: FastifyRequest, status: number, gate: Gate, log: Log): void {
    const state = request.state as FastifyRequest['state'] | undefined;
    if (state === undefined) return;
    const ms = performance.now() - state.startedAt;
    this.#metrics.note(state.route === '' ? 'none' : state.route, status, ms);
    gate.audit({
      caller: state.caller,
      method: request.method,
      route: state.route,
      target: state.target,
      status,
      error: state.error,
      correlationId: state.correlationId,
      origin: request.raw.socket.remoteAddress ?? null,
    });
    log.debug({ route: state.route, status, ms: Math.round(ms) }, 'answered');
  }

  #registerPages({ productVersion, gate, coordinator, consoleFolder }: HttpServerOptions): void {
    registerConsole(this.#fastify, consoleFolder ?? builtConsole);
    // Made when it is first asked for: most coordinators are never asked.
    let page: Page | undefined;
    this.#fastify.get('/api', async (_request, reply) => {
      page ??= buildApiPage(productVersion);
      await reply
        .header('content-security-policy', page.contentSecurityPolicy)
        .type('text/html; charset=utf-8')
        .send(page.html);
    });
    this.#fastify.get('/metrics', async (request, reply) => {
      const { state } = request;
      state.caller = await gate.authenticate(request.raw, state.correlationId);
      gate.authorize(state.caller, metricsRoute, undefined);
      const text = this.#metrics.write({
        inventory: coordinator.inventory,
        streams: () => this.#streams.size + this.#upgrades.size,
      });
      await reply.type(metricsMediaType).send(text);
    });
  }
}

const metricsRoute = {
  method: 'GET',
  path: '/metrics',
  summary: 'Metrics in the Prometheus text format',
  group: 'installation',
  right: 'installation.view',
  answer: 'bytes',
} as const;

/** Our routes parse with zod and write JSON themselves. Fastify's own compilers are not even loaded then (4 MiB). */
function noSchemas(): never {
  throw new Error('bug: a route with a schema of Fastify');
}

/** The API's document, made when it is first asked for. */
export function openApiText(productVersion: string): () => Uint8Array {
  let text: Uint8Array | undefined;
  return () => (text ??= Buffer.from(JSON.stringify(buildOpenApi(productVersion))));
}

/** Failures of the server below us, as faults. */
function translate(error: unknown): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error;
  const { code, statusCode } = error as Error & { code?: string; statusCode?: number };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Fault('too-large', `the body is larger than ${maxBodyBytes} bytes`, {
        facts: { limit: maxBodyBytes },
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Fault('invalid', 'the body is not declared as JSON', {
        hint: 'send the header content-type: application/json',
      });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new Fault('invalid', 'the body is not as long as the header Content-Length says');
    case 'FST_ERR_BAD_URL':
      return new Fault('invalid', 'the URL is not properly encoded');
    case undefined:
    default:
      return statusCode !== undefined && statusCode < 500
        ? new Fault('invalid', 'the request is malformed')
        : error;
  }
}

/** What is not HTTP, or too much of it, has no request to answer; it gets a last word and is closed. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket, log: Log): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const fault = tooLarge
    ? new Fault('too-large', `the head of the request is larger than ${maxHeaderBytes} bytes`)
    : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new Fault('timeout', 'the request did not arrive in time')
      : new Fault('invalid', 'this is not an HTTP request');
  sendLastWord(socket, fault, log);
}

/** An answer without a request, after which the connection is closed. */
function sendLastWord(socket: Socket, fault: Fault, log: Log): void {
  const { body, status } = makeProblem(fault, 'none', log);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${body.title}\r\nContent-Type: ${problemMediaType}\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
  // Closed with bytes unread, the connection would be reset, and the answer with it.
  socket.resume();
  const impatience = setTimeout(() => socket.destroy(), closeMs);
  socket.once('close', () => clearTimeout(impatience));
}
