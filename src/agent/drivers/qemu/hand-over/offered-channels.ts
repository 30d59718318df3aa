/** Sockets to which a QEMU process connects, each for one stream to another host. */
import { once } from 'node:events';
import { chown, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { makeBridge } from '../../../transfer/bridge.ts';
import type { Account } from '../confine/accounts.ts';

interface Offered {
  readonly server: Server;
  readonly socketPath: string;
  readonly far: Duplex;
}

export class OfferedChannels {
  readonly #offered = new Map<string, Offered>();

  /** Where the process connects to. */
  pathOf(channel: string): string | undefined {
    return this.#offered.get(channel)?.socketPath;
  }

  /** Whether the other end of one has gone by itself. */
  isBroken(): boolean {
    return [...this.#offered.values()].some(({ far }) => far.destroyed || far.readableEnded);
  }

  /** The stream to be joined with the other host. One that was offered under that name before has ended. */
  async offer(channel: string, socketPath: string, account: Account | undefined): Promise<Duplex> {
    await this.#end(channel);
    await rm(socketPath, { force: true });
    const [near, far] = makeBridge();
    const server = createServer((socket) => {
      // The other host may have gone since it was offered: nobody would ever take what is written.
      if (far.destroyed) {
        socket.destroy();
        return;
      }
      // What was sent last is still on its way when the process has closed its end: that side alone ends then.
      socket.pipe(far).pipe(socket);
      socket.once('error', () => far.destroy());
      far.once('close', () => socket.destroy());
    });
    server.maxConnections = 1;
    server.listen(socketPath);
    await once(server, 'listening');
    if (account !== undefined) await chown(socketPath, account.uid, account.gid);
    this.#offered.set(channel, { server, socketPath, far });
    return near;
  }

  /** Nobody else connects; streams go on to their end. */
  async close(): Promise<void> {
    for (const channel of this.#offered.keys()) await this.#close(channel);
  }

  /** With all streams. */
  async end(): Promise<void> {
    for (const channel of this.#offered.keys()) await this.#end(channel);
  }

  async #end(channel: string): Promise<void> {
    this.#offered.get(channel)?.far.destroy();
    await this.#close(channel);
  }

  async #close(channel: string): Promise<void> {
    const offered = this.#offered.get(channel);
    if (offered === undefined) return;
    this.#offered.delete(channel);
    offered.server.close();
    await rm(offered.socketPath, { force: true });
  }
}
