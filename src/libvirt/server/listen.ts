/**
 * Listeners: UNIX sockets, TCP, and TLS with libvirt's one byte of consent after the handshake. Each
 * connection becomes a session; the number of them is bounded, and the surplus is hung up on.
 */
import { once } from 'node:events';
import { unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { Fault } from '#lib';
import { AnswerBuffers } from './answer-buffers.ts';
import type { Peer, PeerCertificate } from './handler.ts';
import { Session, type SessionOptions } from './session.ts';

export interface ServerOptions extends SessionOptions {
  readonly maxSessions?: number | undefined;
}

export interface UnixListenOptions {
  readonly path: string;
  /** What whoever can open the socket may do. */
  readonly access: 'read' | 'write';
  /** Permissions of the socket's file; the owner alone when absent. */
  readonly mode?: number | undefined;
}

export interface TcpListenOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** PEM texts. `ca` is what client certificates are held against. */
export interface TlsTexts {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface TlsListenOptions extends TcpListenOptions, TlsTexts {
  /** `optional` only together with SASL. */
  readonly clientCertificate: 'required' | 'optional';
  /** Whether this certificate may connect at all. Rights come later. */
  readonly accepts?: ((certificate: PeerCertificate | undefined) => boolean) | undefined;
}

export interface Listening {
  /** The port for TCP and TLS; undefined for UNIX sockets. */
  readonly port: number | undefined;
  close(): Promise<void>;
}

export interface TlsListening extends Listening {
  /** What connections from now on are shown. */
  renew(texts: TlsTexts): void;
}

const defaultMaxSessions = 1000;
const handshakeTimeoutMs = 10_000;

export class LibvirtServer implements AsyncDisposable {
  readonly #options: ServerOptions;
  readonly #buffers = new AnswerBuffers();
  readonly #sessions = new Set<Session>();
  readonly #servers = new Set<Server>();

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get sessions(): ReadonlySet<Session> {
    return this.#sessions;
  }

  /** Speaks with a client over bytes that came from anywhere; undefined when there are too many. */
  accept(socket: Socket, peer: Peer): Session | undefined {
    if (this.#sessions.size >= (this.#options.maxSessions ?? defaultMaxSessions)) {
      socket.destroy();
      const fault = new Fault('exhausted', 'too many libvirt clients are connected');
      this.#options.onFault?.('CONNECT', fault, peer);
      return undefined;
    }
    const session = new Session(socket, peer, this.#options, this.#buffers);
    this.#sessions.add(session);
    void session.closed.then(() => this.#sessions.delete(session));
    return session;
  }

  /** Replaces a socket file that a dead process has left. Errors: `unavailable`. */
  async listenUnix(options: UnixListenOptions): Promise<Listening> {
    let count = 0;
    const server = createServer((socket) => {
      count += 1;
      const address = `${options.path}#${count}`;
      this.accept(socket, { transport: 'unix', address, access: options.access });
    });
    await removeDeadSocket(options.path);
    // The file is made within the call, and is never open to more than it shall be.
    const others = process.umask(0o777 & ~(options.mode ?? 0o600));
    try {
      const listening = this.#listen(server, { path: options.path }, options.path);
      return await listening;
    } finally {
      process.umask(others);
    }
  }

  /** Errors: `unavailable`. */
  listenTcp(options: TcpListenOptions): Promise<Listening> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.accept(socket, { transport: 'tcp', address: addressOf(socket), access: 'write' });
    });
    return this.#listen(server, options, `${options.host} port ${options.port}`);
  }

  /** Errors: `unavailable`. */
  async listenTls(options: TlsListenOptions): Promise<TlsListening> {
    const server = createTlsServer(
      {
        ...contextOf(options),
        requestCert: true,
        rejectUnauthorized: options.clientCertificate === 'required',
        handshakeTimeout: handshakeTimeoutMs,
      },
      (socket) => this.#acceptTls(socket, options),
    );
    server.on('tlsClientError', (cause, socket) => {
      const peer: Peer = { transport: 'tls', address: addressOf(socket), access: 'read' };
      const fault = new Fault('unauthenticated', `no TLS with ${peer.address}`, { cause });
      this.#options.onFault?.('CONNECT', fault, peer);
      socket.destroy();
    });
    const listening = await this.#listen(server, options, `${options.host} port ${options.port}`);
    return { ...listening, renew: (texts) => server.setSecureContext(contextOf(texts)) };
  }

  /** Stops listening and ends all sessions. */
  async close(): Promise<void> {
    const closing = [...this.#servers].map(closeServer);
    const ended = [...this.#sessions].map((session) => {
      session.end();
      return session.closed;
    });
    await Promise.all([...closing, ...ended]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #acceptTls(socket: TLSSocket, options: TlsListenOptions): void {
    const address = addressOf(socket);
    const certificate = certificateOf(socket);
    const peer: Peer = { transport: 'tls', address, access: 'write', certificate };
    if (options.accepts && !options.accepts(certificate)) {
      const name = certificate?.commonName ?? 'nobody';
      const fault = new Fault('forbidden', `the certificate of ${name} is not allowed`);
      this.#options.onFault?.('CONNECT', fault, peer);
      // What libvirtd says for no.
      socket.on('error', () => undefined);
      socket.end(Buffer.from([0]));
      return;
    }
    socket.setNoDelay(true);
    socket.write(Buffer.from([1]));
    this.accept(socket, peer);
  }

  #listen(
    server: Server,
    where: { readonly path: string } | TcpListenOptions,
    place: string,
  ): Promise<Listening> {
    return new Promise((resolve, reject) => {
      server.maxConnections = this.#options.maxSessions ?? defaultMaxSessions;
      // Later errors are connections that could not be accepted; their clients know.
      server.on('error', (cause) => {
        reject(new Fault('unavailable', `cannot listen on ${place}`, { cause }));
      });
      server.listen(where, () => {
        this.#servers.add(server);
        const address = server.address();
        const port = typeof address === 'object' ? address?.port : undefined;
        resolve({
          port,
          close: async () => {
            this.#servers.delete(server);
            await closeServer(server);
          },
        });
      });
    });
  }
}

function contextOf({ ca, cert, key }: TlsTexts): SecureContextOptions {
  return {
    ca,
    cert,
    key,
    minVersion: 'TLSv1.2',
    // With 1.3, OpenSSL sends session tickets after the handshake, and libvirt 9's clients take
    // the first record after it for the byte of consent.
    maxVersion: 'TLSv1.2',
  };
}

/** A socket file outlives its process; one that still answers is not ours to take. */
async function removeDeadSocket(path: string): Promise<void> {
  const probe = connect(path);
  try {
    await once(probe, 'connect');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ECONNREFUSED') await unlink(path);
    return;
  } finally {
    probe.destroy();
  }
  throw new Fault('unavailable', `cannot listen on ${path}: another program does`);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function addressOf(socket: Socket): string {
  return `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
}

/** Only of a certificate that the authority has signed. */
function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return undefined;
  const commonName = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  return {
    commonName,
    altNames: certificate.subjectAltName,
    fingerprint: certificate.fingerprint256,
  };
}
