/**
 * Listens for NBD clients on a Unix socket, which its owner alone may reach, or on an address of this machine.
 *
 * Invariant: after `close` nothing is at work any more: the exports may be closed.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { AssertionError, Fault, toFault } from '#lib';
import { maxConnections } from './limits.ts';
import { serveClient, type ServeOptions } from './serve.ts';

export type ListenAt =
  | { readonly socketPath: string }
  /** Port 0: any that is free. There is no TLS: for addresses of this machine. */
  | { readonly host: string; readonly port: number };

export interface NbdServerOptions extends ServeOptions {
  /** The last client has gone. */
  readonly onIdle?: (() => void) | undefined;
}

export class NbdServer implements AsyncDisposable {
  readonly #options: NbdServerOptions;
  readonly #server: Server;
  readonly #clients = new Map<Socket, Promise<void>>();

  private constructor(options: NbdServerOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = maxConnections;
  }

  /** Faults: `unavailable` when the place is taken or not there. */
  static async listen(at: ListenAt, options: NbdServerOptions): Promise<NbdServer> {
    const server = new NbdServer(options);
    const place = 'socketPath' in at ? { path: at.socketPath } : at;
    // A Unix socket is made within the call, with the rights of everybody less this mask: 0600.
    const mask = process.umask(0o177);
    server.#server.listen(place);
    process.umask(mask);
    try {
      await once(server.#server, 'listening');
    } catch (cause) {
      const where = 'socketPath' in at ? at.socketPath : `${at.host}:${at.port}`;
      throw new Fault('unavailable', `cannot serve disks at ${where}`, { cause });
    }
    return server;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** The port that it got; undefined on a Unix socket. */
  get port(): number | undefined {
    const address: AddressInfo | string | null = this.#server.address();
    return address === null || typeof address === 'string' ? undefined : address.port;
  }

  /** Takes no new clients, cuts the present ones off and waits for what they had begun. */
  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#clients.keys()) socket.destroy();
    await Promise.all(this.#clients.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(socket: Socket): void {
    const served = serveClient(socket, this.#options)
      .catch((error: unknown) => {
        // A bug ends the server, which its keeper starts again; what a client does wrong ends that client.
        if (error instanceof AssertionError) throw error;
        this.#options.onFault(toFault(error));
      })
      .finally(() => {
        this.#clients.delete(socket);
        if (this.#clients.size === 0) this.#options.onIdle?.();
      });
    this.#clients.set(socket, served);
  }
}
