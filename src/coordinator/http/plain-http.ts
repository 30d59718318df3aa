/**
 * HTTP without TLS on the port that speaks TLS (docs/rfd/0039). The first byte of a connection tells: a handshake begins
 * with 22 (RFC 8446 5.1), a request with a letter of its method (RFC 9112 3.1). What becomes of such a request is a setting
 * of the installation, looked at for every request anew, so that it counts at once for connections that stay open too.
 *
 *   refused     nothing of it is read: others could have read it as well
 *   redirected  whoever asks for a page is sent to the same address with https; anything else is refused
 *   served      like one over TLS; whatever depends on encryption looks at the connection of the request
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Fault } from '#lib';
import type { PlainHttp } from '#api';
import { installationSettings } from '../access/mod.ts';
import type { Inventory } from '../inventory/inventory.ts';

const capitalA = 0x41;
const capitalZ = 0x5a;
const firstByteMs = 15_000;
/** So often it is looked whether connections without TLS may still be open; an answer that is under way has so long to arrive. */
const lookMs = 1000;

export interface PlainConnectionsOptions {
  readonly server: Server;
  readonly inventory: Inventory;
  /** Ends a connection with an answer before anything was read of it. */
  readonly turnAway: (socket: Socket, fault: Fault) => void;
}

export class PlainConnections implements Disposable {
  readonly #options: PlainConnectionsOptions;
  readonly #sockets = new Set<Socket>();
  /** Those that were open when it was seen that they may not be. */
  readonly #ending = new Set<Socket>();
  #looks: NodeJS.Timeout | undefined;

  constructor(options: PlainConnectionsOptions) {
    this.#options = options;
    tellPlainHttp(options.server, (socket) => this.#take(socket));
  }

  get way(): PlainHttp {
    return installationSettings(this.#options.inventory).plainHttp;
  }

  /**
   * Where whoever sent the request without TLS is sent; undefined: it is served. Errors: `invalid` for a request that is to be
   * made over TLS.
   */
  judge(request: IncomingMessage): string | undefined {
    if (request.socket instanceof TLSSocket) return undefined;
    const { way } = this;
    if (way === 'served') return undefined;
    const { method, url = '/', headers } = request;
    const asksForPage = method === 'GET' || method === 'HEAD';
    const { host } = headers;
    if (
      way === 'redirected' &&
      asksForPage &&
      !isApi.test(url) &&
      headers.upgrade === undefined &&
      host !== undefined &&
      authority.test(host) &&
      isPath.test(url)
    )
      return `https://${host}${url}`;
    throw withoutTls();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looks);
  }

  #take(socket: Socket): void {
    if (this.way === 'refused') {
      this.#options.turnAway(socket, withoutTls());
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#forget(socket));
    this.#looks ??= setInterval(() => this.#look(), lookMs).unref();
    // What begins HTTP on a connection whose handshake is over.
    this.#options.server.emit('secureConnection', socket);
  }

  #forget(socket: Socket): void {
    this.#sockets.delete(socket);
    this.#ending.delete(socket);
    if (this.#sockets.size > 0) return;
    clearInterval(this.#looks);
    this.#looks = undefined;
  }

  /** Streams of events and consoles would stay open for ever. */
  #look(): void {
    if (this.way === 'served') {
      this.#ending.clear();
      return;
    }
    for (const socket of this.#ending) socket.destroy();
    for (const socket of this.#sockets) this.#ending.add(socket);
  }
}

/** A program that follows a redirect would send its token again over what everybody reads. */
const isApi = /^\/(?:api|metrics)(?:[/?]|$)/;
/** RFC 3986 3.2, without a user. */
const authority = /^(?:[\w.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?$/;
/** Not `//other.example`, nor what has bytes that end a header. */
const isPath = /^\/(?:[\w.~!$&'()*+,;=:@%?-][\w.~!$&'()*+,;=:@%/?-]*)?$/;

function withoutTls(): Fault {
  return new Fault('invalid', 'this port speaks TLS, and this request came without', {
    hint: 'write https:// in place of http://',
  });
}

/** Every connection of the server that begins as a request is handed to `take`; the others shake hands as before. */
function tellPlainHttp(server: Server, take: (socket: Socket) => void): void {
  const [shakeHands, ...others] = server.listeners('connection') as ((socket: Socket) => void)[];
  if (shakeHands === undefined) return;
  server.removeAllListeners('connection');
  for (const listener of others) server.on('connection', listener);
  server.on('connection', (socket: Socket) => {
    const giveUp = (): void => void socket.destroy();
    const onReadable = (): void => {
      const first = socket.read(1) as Buffer | null;
      if (first === null) return;
      socket.off('readable', onReadable);
      socket.setTimeout(0, giveUp);
      const [byte = 0] = first;
      socket.unshift(first);
      const isPlain = byte >= capitalA && byte <= capitalZ;
      if (!isPlain) socket.off('error', giveUp);
      if (isPlain) take(socket);
      else shakeHands.call(server, socket);
    };
    socket.setTimeout(firstByteMs, giveUp);
    socket.on('error', giveUp);
    socket.on('readable', onReadable);
  });
}
