/**
 * A web front end: the console of a coordinator on another machine, at an address of this one (docs/rfd/0036). Requests,
 * event streams and WebSockets are passed on as they come, with the host that was asked for, since the coordinator judges
 * by it whether a page is one of its own; the files of the console, which never change under their names, are kept here.
 *
 * Invariants: nothing is passed on before the coordinator has shown a certificate of the authority; no secret is kept; what
 * agents alone may ask is not passed on.
 */
import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import { isIP, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type ConnectionOptions } from 'node:tls';
import { linkServerName } from '#api';
import { Fault, faultCodes } from '#lib';
import { KeptFiles } from './kept-files.ts';

export interface FrontEndOptions {
  /** Of the coordinator: `https://HOST:PORT`. */
  readonly coordinator: URL;
  /** PEM of the authority of its installation; undefined: the authorities that this machine trusts. */
  readonly authority: string | undefined;
  /** What browsers are shown, PEM. */
  readonly certificate: { readonly chain: string; readonly key: string };
  readonly listen: { readonly host: string; readonly port: number };
  /** Told why the coordinator was not reached. */
  readonly onFault: (fault: Fault) => void;
}

const maxConnections = 4096;
const maxHeaderBytes = 16 * 1024;
const answerMs = 15_000;
const agentsOnly = /^\/api\/v1\/agent(?:[/?]|$)/;
/** Of one connection, and not of what it carries (RFC 9110 7.6.1). */
const ofConnection = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'];

export class FrontEnd implements AsyncDisposable {
  readonly #options: FrontEndOptions;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #target: ConnectionOptions;
  readonly #files = new KeptFiles();
  readonly #open = new Set<Duplex>();

  private constructor(options: FrontEndOptions) {
    const { coordinator, authority, certificate } = options;
    this.#options = options;
    const host = coordinator.hostname.replace(/[[\]]/g, '');
    this.#target = {
      host,
      port: Number(coordinator.port === '' ? 443 : coordinator.port),
      minVersion: 'TLSv1.2',
      // By the name of links the coordinator shows a certificate of its authority, whatever people are shown.
      ...(authority === undefined
        ? { servername: isIP(host) === 0 ? host : '' }
        : { ca: [authority], servername: linkServerName }),
    };
    this.#agent = new Agent({ ...this.#target, keepAlive: true });
    this.#server = createServer({
      cert: certificate.chain,
      key: certificate.key,
      minVersion: 'TLSv1.2',
      maxHeaderSize: maxHeaderBytes,
    });
    this.#server.maxConnections = maxConnections;
    this.#server.headersTimeout = 15_000;
    this.#server.requestTimeout = 60_000;
    this.#server.on('connection', (socket: Duplex) => this.#keep(socket));
    this.#server.on('request', (asked, answer) => this.#pass(asked, answer));
    this.#server.on('upgrade', (asked: IncomingMessage, client: Duplex, head: Buffer) =>
      this.#passUpgrade(asked, client, head),
    );
  }

  /** Serves. Errors: `invalid` for a certificate that does not fit its key; `exists`, `invalid` naming the address. */
  static async open(options: FrontEndOptions): Promise<FrontEnd> {
    const { host, port } = options.listen;
    let frontEnd: FrontEnd;
    try {
      frontEnd = new FrontEnd(options);
    } catch (cause) {
      throw new Fault('invalid', 'cannot use the certificate and its key', {
        cause,
        hint: 'give the chain and the key that belongs to it, both PEM, the key without a passphrase',
      });
    }
    frontEnd.#server.listen(port, host);
    try {
      await once(frontEnd.#server, 'listening');
    } catch (cause) {
      const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
      throw new Fault(taken ? 'exists' : 'invalid', `cannot serve on ${host}:${port}`, {
        cause,
        hint: 'choose another one with --listen ADDRESS:PORT',
      });
    }
    return frontEnd;
  }

  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Whether the coordinator is there and is the one that is meant. Errors: `unavailable` with the reason. */
  async tryCoordinator(): Promise<void> {
    const socket = connect(this.#target);
    socket.setTimeout(answerMs, () => socket.destroy(new Error('it does not answer')));
    try {
      await once(socket, 'secureConnect');
    } catch (error) {
      throw this.#unreachable(error);
    } finally {
      socket.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    this.#agent.destroy();
    await closed;
  }

  #keep(socket: Duplex): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { method = 'GET', url: path = '/' } = asked;
    if (agentsOnly.test(path)) return sendFault(answer, notForAgents());
    const kept = this.#files.find(asked);
    if (kept !== undefined) {
      answer.writeHead(200, kept.headers).end(kept.bytes);
      return;
    }
    const headers = forNext(asked.headers);
    const passed = request({ agent: this.#agent, method, path, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, forNext(answered.headers));
      answer.flushHeaders();
      this.#files.keep(asked, answered);
      answered.on('error', () => answer.destroy());
      answered.pipe(answer);
    });
    passed.on('error', (error) => {
      if (answer.headersSent) answer.destroy();
      else if (!answer.closed) sendFault(answer, this.#unreachable(error));
    });
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  }

  #passUpgrade(asked: IncomingMessage, client: Duplex, head: Buffer): void {
    client.on('error', () => client.destroy());
    const { method = 'GET', url: path = '/', rawHeaders } = asked;
    if (agentsOnly.test(path) || !path.startsWith('/api/')) {
      client.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    const coordinator = connect(this.#target);
    this.#keep(coordinator);
    const end = (): void => {
      coordinator.destroy();
      client.destroy();
    };
    coordinator.on('error', (error) => {
      this.#unreachable(error);
      end();
    });
    coordinator.on('close', end);
    client.on('close', end);
    coordinator.once('secureConnect', () => {
      const lines = [`${method} ${path} HTTP/1.1`];
      for (let at = 0; at < rawHeaders.length; at += 2)
        lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
      coordinator.write(`${lines.join('\r\n')}\r\n\r\n`);
      coordinator.write(head);
      client.pipe(coordinator).pipe(client);
    });
  }

  #unreachable(cause: unknown): Fault {
    const { coordinator, onFault } = this.#options;
    const fault = new Fault(
      'unavailable',
      `cannot reach the coordinator at ${coordinator.origin}`,
      {
        cause,
        hint: 'see whether it runs, and whether the authority given here is that of its installation',
      },
    );
    onFault(fault);
    return fault;
  }
}

function forNext(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = { ...headers };
  for (const name of ofConnection) delete passed[name];
  return passed;
}

function notForAgents(): Fault {
  return new Fault('not-found', 'hosts are not linked through a web front end', {
    hint: "let the host's agent dial the coordinator itself",
  });
}

/** In words: problem details are the coordinator's. Why it is not reached is nothing for people without an account. */
function sendFault(answer: ServerResponse, { code, message, hint }: Fault): void {
  const { status } = faultCodes[code];
  answer
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
    .end(`${message}\n${hint ?? ''}\n`);
}
