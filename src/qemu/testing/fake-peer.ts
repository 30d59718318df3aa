/** For tests: a peer made of bytes, listening on a real Unix socket. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { TemporaryFolder } from './real-qemu.ts';

export class FakePeer implements AsyncDisposable {
  readonly socketPath: string;
  readonly #server: Server;
  readonly #folder: TemporaryFolder;
  readonly #sockets = new Set<Socket>();
  connections = 0;

  private constructor(folder: TemporaryFolder, onConnection: (socket: Socket) => void) {
    this.#folder = folder;
    this.socketPath = folder.file('peer');
    this.#server = createServer((socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      onConnection(socket);
    });
  }

  static async listen(onConnection: (socket: Socket) => void): Promise<FakePeer> {
    const peer = new FakePeer(await TemporaryFolder.make(), onConnection);
    peer.#server.listen(peer.socketPath);
    await once(peer.#server, 'listening');
    return peer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** Calls back with each line, parsed. */
export function onLines(socket: Socket, take: (message: Record<string, unknown>) => void): void {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      take(JSON.parse(line.replaceAll('\u00ff', '')) as Record<string, unknown>);
    }
  });
}

export function sendLine(socket: Socket, message: unknown): void {
  socket.write(`${JSON.stringify(message)}\n`);
}
