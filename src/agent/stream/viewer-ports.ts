/**
 * Ports for native viewers of screens (docs/rfd/0031), one for each vm. Nothing is decided and nothing is read here: what a
 * viewer says goes to the coordinator over a connection of its own, which asks who it is, and asks back for the screen.
 *
 * Invariants: (1) what listens is what was asked for last, less what could not be had; (2) at most `maxViewers` at a port;
 * (3) the end of either side ends the other; who is connected when a port goes stays, for the coordinator to judge.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { createWebSocketStream, type WebSocket } from 'ws';
import type { ViewerListen } from '#api';
import { describeFault } from '#lib';
import type { Log } from '#log';

/** As many people as a console takes. */
const maxViewers = 64;

interface Listening {
  readonly server: Server;
  readonly id: string;
}

export interface FailedPort {
  readonly port: number;
  readonly reason: string;
}

export class ViewerPorts {
  /** Begins a connection to the coordinator for a viewer of the vm, who is at the address. */
  readonly #dial: (vmId: string, from: string) => WebSocket;
  readonly #log: Log;
  readonly #listening = new Map<number, Listening>();
  readonly #viewers = new Set<Socket>();
  #address: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(dial: (vmId: string, from: string) => WebSocket, log: Log) {
    this.#dial = dial;
    this.#log = log;
  }

  /** Listens on these ports and no others. Answers those that are not to be had, with the reason. */
  listen(asked: ViewerListen): Promise<readonly FailedPort[]> {
    const work = this.#turn.then(() => this.#listen(asked));
    this.#turn = work.catch(() => undefined);
    return work;
  }

  /** Ends all, viewers too. */
  close(): void {
    for (const port of this.#listening.keys()) this.#end(port);
    for (const viewer of this.#viewers) viewer.destroy();
  }

  async #listen({ address, ports }: ViewerListen): Promise<readonly FailedPort[]> {
    const wanted = new Map(ports.map(({ port, id }) => [port, id]));
    for (const [port, { id }] of this.#listening)
      if (address !== this.#address || wanted.get(port) !== id) this.#end(port);
    this.#address = address;
    const failed: FailedPort[] = [];
    for (const [port, id] of wanted) {
      if (this.#listening.has(port)) continue;
      try {
        await this.#open(port, id);
      } catch (error) {
        failed.push({ port, reason: describeFault(error).slice(0, 300) });
      }
    }
    return failed;
  }

  async #open(port: number, id: string): Promise<void> {
    const server = createServer({ noDelay: true }, (viewer) => this.#take(id, viewer));
    server.maxConnections = maxViewers;
    const ready = once(server, 'listening');
    server.listen(this.#address === null ? { port } : { port, host: this.#address });
    await ready;
    server.on('error', (error) => this.#log.warn({ port, err: error }, 'a port for viewers'));
    this.#listening.set(port, { server, id });
  }

  #end(port: number): void {
    this.#listening.get(port)?.server.close();
    this.#listening.delete(port);
  }

  #take(id: string, viewer: Socket): void {
    this.#viewers.add(viewer);
    viewer.once('close', () => this.#viewers.delete(viewer));
    const socket = this.#dial(id, viewer.remoteAddress ?? '');
    const coordinator = createWebSocketStream(socket, { allowHalfOpen: false });
    pipeline(viewer, coordinator, viewer)
      .catch((error: unknown) => {
        this.#log.debug({ vm: id, why: describeFault(error) }, 'a viewer has gone');
      })
      .finally(() => {
        viewer.destroy();
        socket.terminate();
      });
  }
}
