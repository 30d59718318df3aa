/**
 * WebSockets on the server's port: the agents' links and streams (mutual TLS), and the WebSocket routes of
 * the table (consoles), which are checked like every other route before the upgrade is accepted. A refusal
 * is an HTTP answer with a problem document.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { Fault } from '#lib';
import type { Log } from '#log';
import {
  consoleProtocol,
  consoleTicketPrefix,
  maxLinkMessageBytes,
  routes,
  type Route,
  type RouteName,
} from '#api';
import { readAddress } from '../access/mod.ts';
import type { Tickets } from '../consoles/tickets.ts';
import type { ByteSocket } from '../link/pipe.ts';
import type { Coordinator } from '../context.ts';
import {
  admit,
  checkHead,
  correlationHeader,
  correlationOf,
  isAllowed,
  targetOf,
} from './exchange.ts';
import type { Gate } from './gate.ts';
import { makeProblem, problemMediaType } from './problem.ts';
import type { Handlers, RouteRequest } from './route-handler.ts';
import { readCookie } from './routes.ts';
import { parseWith } from '../app/issues.ts';

const maxConsoleMessageBytes = 1024 * 1024;
const maxConsoles = 2000;

export interface UpgradesOptions {
  readonly coordinator: Coordinator;
  readonly handlers: Handlers;
  readonly gate: Gate;
  readonly tickets: Pick<Tickets, 'redeem'>;
  readonly log: Log;
  /** Errors: `invalid` for a request that came without TLS where that is not served. */
  readonly judgePlain: (request: IncomingMessage) => void;
  /** Takes what agents dial. */
  readonly agents: {
    acceptLink(socket: WebSocket, hostId: string): void;
    expectsStream(streamId: string, hostId: string): boolean;
    acceptStream(streamId: string, hostId: string, socket: WebSocket): void;
    expectsViewer(hostId: string, vmId: string): boolean;
    /** `from` is the viewer's address. */
    acceptViewer(hostId: string, vmId: string, from: string, socket: WebSocket): void;
    /** Ends all links, where there are any to end. */
    close?(): Promise<void>;
  };
}

interface WebSocketRoute {
  readonly name: RouteName;
  readonly route: Route;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

const webSocketRoutes: readonly WebSocketRoute[] = (Object.keys(routes) as RouteName[])
  .filter((name) => routes[name].answer === 'websocket')
  .map((name) => {
    const names = [...routes[name].path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
    const source = routes[name].path.replaceAll(/\{\w+\}/g, '([^/]+)');
    return { name, route: routes[name], names, pattern: new RegExp(`^/api/v1${source}$`) };
  });

export class Upgrades {
  readonly #options: UpgradesOptions;
  readonly #links = webSocketServer(maxLinkMessageBytes);
  readonly #consoles = webSocketServer(maxConsoleMessageBytes, chooseConsoleProtocol);
  readonly #open = new Set<WebSocket>();

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  /** Open consoles. */
  get size(): number {
    return this.#open.size;
  }

  take(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    this.#dispatch(request, socket, head).catch((error: unknown) =>
      this.#refuse(request, socket, error),
    );
  }

  /** Ends consoles and agents' links. */
  async close(): Promise<void> {
    for (const socket of this.#open) {
      socket.close(1001, 'the coordinator stops');
      // A client that does not answer is not waited for.
      setTimeout(() => socket.terminate(), 1000).unref();
    }
    await this.#options.agents.close?.();
  }

  async #dispatch(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    this.#options.judgePlain(request);
    checkHead(request);
    const { pathname, searchParams } = this.#url(request);
    if (pathname === '/api/v1/agent') {
      const hostId = this.#options.gate.identifyAgent(request);
      this.#links.handleUpgrade(request, socket, head, (webSocket) =>
        this.#options.agents.acceptLink(webSocket, hostId),
      );
      return;
    }
    const streamId = /^\/api\/v1\/agent\/stream\/([\w-]{1,64})$/.exec(pathname)?.[1];
    if (streamId !== undefined) {
      const hostId = this.#options.gate.identifyAgent(request);
      if (!this.#options.agents.expectsStream(streamId, hostId))
        throw new Fault('not-found', 'no such stream is expected');
      this.#links.handleUpgrade(request, socket, head, (webSocket) =>
        this.#options.agents.acceptStream(streamId, hostId, webSocket),
      );
      return;
    }
    const vmId = /^\/api\/v1\/agent\/viewer\/([\w-]{1,64})$/.exec(pathname)?.[1];
    if (vmId !== undefined) {
      const hostId = this.#options.gate.identifyAgent(request);
      if (!this.#options.agents.expectsViewer(hostId, vmId))
        throw new Fault('not-found', 'no viewer of this vm is let in');
      if (this.#open.size >= maxConsoles) throw tooMany();
      this.#links.handleUpgrade(request, socket, head, (webSocket) => {
        this.#keep(webSocket);
        const from = searchParams.get('from') ?? '';
        this.#options.agents.acceptViewer(hostId, vmId, from.slice(0, 64), webSocket);
      });
      return;
    }
    await this.#openConsole(request, socket, head, pathname);
  }

  async #openConsole(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    pathname: string,
  ): Promise<void> {
    const { gate, coordinator, handlers } = this.#options;
    const found = webSocketRoutes.find(({ pattern }) => pattern.test(pathname));
    if (found === undefined || request.method !== 'GET')
      throw new Fault('not-found', 'there is no WebSocket at this path');
    if (this.#open.size >= maxConsoles) throw tooMany();
    const { route, name } = found;
    const correlationId = correlationOf(request);
    const params = readParams(found, pathname);
    const target = targetOf(route, params, coordinator.inventory);
    const ticket = ticketOf(request);
    const caller =
      ticket === undefined
        ? await gate.authenticate(request, correlationId)
        : this.#options.tickets.redeem(
            ticket,
            target?.id,
            readAddress(request.socket.remoteAddress),
          );
    const audit = (status: number, error: unknown): void =>
      gate.audit({
        caller,
        method: 'GET',
        route: name,
        target,
        status,
        error,
        correlationId,
        origin: request.socket.remoteAddress ?? null,
      });
    const gone = new AbortController();
    socket.on('close', () => gone.abort());
    try {
      const id = admit(gate, coordinator.inventory, caller, route, target);
      if (ticket === undefined && caller.proof?.means === 'session')
        throw new Fault('unauthenticated', 'a session opens a console with a ticket', {
          hint: 'ask for one: POST /vms/{vm}/console-tickets',
        });
      const query: unknown = Object.fromEntries(this.#url(request).searchParams);
      const asked = {
        caller,
        id,
        params,
        query: route.query === undefined ? undefined : parseWith(route.query, query, 'the query'),
        body: undefined,
        precondition: undefined,
        lastEventId: undefined,
        cookie: (cookie: string) => readCookie(request.headers.cookie, cookie),
        setHeader: () => undefined,
        signal: gone.signal,
      } as unknown as RouteRequest<RouteName>;
      const handle = handlers[name] as (
        request: RouteRequest<RouteName>,
      ) => Promise<(socket: ByteSocket) => void>;
      const begin = await handle(asked);
      this.#consoles.handleUpgrade(request, socket, head, (webSocket) => {
        this.#keep(webSocket);
        const allowed = gate.watch(caller, gone.signal, () =>
          isAllowed(gate, caller, route, target),
        );
        allowed.addEventListener(
          'abort',
          () => webSocket.close(1008, 'the right to it has ended'),
          {
            once: true,
          },
        );
        begin(webSocket);
      });
      audit(101, undefined);
    } catch (error) {
      audit(makeProblem(error, correlationId, this.#options.log).status, error);
      throw error;
    }
  }

  #keep(socket: WebSocket): void {
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    socket.on('error', () => socket.terminate());
  }

  #url(request: IncomingMessage): URL {
    const base = 'https://localhost';
    const path = request.url ?? '/';
    if (!path.startsWith('/') || !URL.canParse(path, base))
      throw new Fault('invalid', 'the URL is not properly encoded');
    return new URL(path, base);
  }

  #refuse(request: IncomingMessage, socket: Socket, error: unknown): void {
    if (!socket.writable) return;
    const correlationId = correlationOf(request);
    const { status, body } = makeProblem(error, correlationId, this.#options.log);
    const text = JSON.stringify(body);
    socket.end(
      [
        `HTTP/1.1 ${status} ${body.title}`,
        `Content-Type: ${problemMediaType}`,
        `Content-Length: ${Buffer.byteLength(text)}`,
        `${correlationHeader}: ${correlationId}`,
        'Connection: close',
        '',
        text,
      ].join('\r\n'),
    );
  }
}

function tooMany(): Fault {
  return new Fault('exhausted', `${maxConsoles} consoles are open already`);
}

/** It takes the place of any other proof. */
function ticketOf(request: IncomingMessage): string | undefined {
  const offered = request.headers['sec-websocket-protocol']?.split(',') ?? [];
  return offered
    .map((protocol) => protocol.trim())
    .find((protocol) => protocol.startsWith(consoleTicketPrefix))
    ?.slice(consoleTicketPrefix.length);
}

/** Nothing else that a client offers is answered: a ticket is among it. */
function chooseConsoleProtocol(offered: ReadonlySet<string>): string | false {
  return offered.has(consoleProtocol) && consoleProtocol;
}

function webSocketServer(
  maxPayload: number,
  handleProtocols: (offered: Set<string>) => string | false = () => false,
): WebSocketServer {
  return new WebSocketServer({
    handleProtocols,
    noServer: true,
    clientTracking: false,
    maxPayload,
    perMessageDeflate: false,
  });
}

function readParams(
  { pattern, names, route }: WebSocketRoute,
  pathname: string,
): Record<string, unknown> {
  const values = pattern.exec(pathname)?.slice(1) ?? [];
  let decoded: [string, string][];
  try {
    decoded = names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]);
  } catch {
    throw new Fault('invalid', 'the URL is not properly encoded');
  }
  const params = Object.fromEntries(decoded);
  return route.params === undefined ? params : parseWith(route.params, params, 'the path');
}
