/** A machine's screen for native viewers in tests: RFB 3.8 (RFC 6143) with one colour on it, and what its viewers typed. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { createWebSocketStream } from 'ws';
import { readExactly } from '#rfb';
import type { ViewerListen } from '#api';
import type { FakeAgent } from './fake-agent.ts';

export const screenSize = { width: 64, height: 48 } as const;
/** Bytes of a pixel as the server has it: blue, green, red, nothing. */
const colour = { red: 200, green: 100, blue: 50 } as const;

/** Shows the colour to everybody who opens a screen of the agent's. */
export class PaintedScreens {
  /** Key symbols that were pressed, oldest first. */
  readonly typed: number[] = [];

  constructor(agent: FakeAgent) {
    agent.handlers['stream.open'] = ({ streamId }: { streamId: string }) => {
      const socket = agent.dial(`/agent/stream/${streamId}`);
      // A viewer that has gone ends it wherever it is.
      this.#paint(socket).catch(() => socket.terminate());
      return {};
    };
  }

  async #paint(socket: WebSocket): Promise<void> {
    const stream = createWebSocketStream(socket, { allowHalfOpen: false });
    const { signal } = new AbortController();
    const read = (bytes: number): Promise<Buffer> => readExactly(stream, bytes, signal);
    stream.on('error', () => undefined);
    stream.write('RFB 003.008\n');
    await read(12);
    stream.write(Buffer.from([1, 1]));
    await read(1);
    stream.write(Buffer.alloc(4));
    await read(1);
    let format = pixelFormat();
    const init = Buffer.alloc(4);
    init.writeUInt16BE(screenSize.width, 0);
    init.writeUInt16BE(screenSize.height, 2);
    stream.write(Buffer.concat([init, format, Buffer.from([0, 0, 0, 4]), Buffer.from('fake')]));
    for (;;) {
      switch ((await read(1)).readUInt8(0)) {
        case 0:
          format = (await read(19)).subarray(3);
          break;
        case 2:
          await read(4 * (await read(3)).readUInt16BE(1));
          break;
        case 3: {
          const isIncremental = (await read(9)).readUInt8(0) !== 0;
          if (!isIncremental) stream.write(picture(format));
          break;
        }
        case 4: {
          const key = await read(7);
          if (key.readUInt8(0) !== 0) this.typed.push(key.readUInt32BE(3));
          break;
        }
        case 5:
          await read(5);
          break;
        default:
          throw new Error('a message that the screen does not know');
      }
    }
  }
}

/** 32 bits a pixel, little endian, eight for each colour (section 7.4). */
function pixelFormat(): Buffer {
  return Buffer.from([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]);
}

/** FramebufferUpdate, raw (section 7.6.1). */
function picture(format: Buffer): Buffer {
  const { width, height } = screenSize;
  const bytes = format.readUInt8(0) / 8;
  const value = (['red', 'green', 'blue'] as const).reduce((sum, name, index) => {
    const max = format.readUInt16BE(4 + 2 * index);
    return sum + Math.round((colour[name] * max) / 255) * 2 ** format.readUInt8(10 + index);
  }, 0);
  const pixel = Buffer.alloc(bytes);
  if (format.readUInt8(2) === 0) pixel.writeUIntLE(value, 0, bytes);
  else pixel.writeUIntBE(value, 0, bytes);
  const head = Buffer.alloc(16);
  head.writeUInt16BE(1, 2);
  head.writeUInt16BE(width, 8);
  head.writeUInt16BE(height, 10);
  return Buffer.concat([head, Buffer.alloc(width * height * bytes, pixel)]);
}

/** The agent's ports for viewers, as agents have them. */
export class ViewerDoors implements AsyncDisposable {
  readonly #servers = new Map<number, Server>();
  readonly #agent: FakeAgent;
  /** What was asked for last. */
  asked: ViewerListen = { address: null, ports: [] };

  constructor(agent: FakeAgent) {
    this.#agent = agent;
    agent.handlers['viewers.listen'] = async (asked: ViewerListen) => {
      await this.#close();
      this.asked = asked;
      for (const { port, id } of asked.ports) await this.#listen(port, id);
      return { failed: [] };
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #listen(port: number, id: string): Promise<void> {
    const server = createServer((viewer) => this.#take(id, viewer)).listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.set(port, server);
  }

  #take(id: string, viewer: Socket): void {
    const socket = this.#agent.dial(`/agent/viewer/${id}?from=${viewer.remoteAddress ?? ''}`);
    const stream = createWebSocketStream(socket);
    stream.on('error', () => viewer.destroy());
    viewer.on('error', () => stream.destroy());
    viewer.on('close', () => socket.terminate());
    stream.on('close', () => viewer.destroy());
    stream.pipe(viewer);
    viewer.pipe(stream);
  }

  async #close(): Promise<void> {
    const closing = [...this.#servers.values()];
    this.#servers.clear();
    for (const server of closing) server.close();
    await Promise.resolve();
  }
}
