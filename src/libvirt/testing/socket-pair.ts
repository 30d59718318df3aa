/** Test material: two ends of a real UNIX socket, and raw frames over one of them. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { routeOf, type ProcedureName } from '../procedures/table.ts';
import { FrameSplitter } from '../wire/frame-splitter.ts';
import { encodeFrame, frameStatus, frameTypes, maxFrameBytes, type Frame } from '../wire/frame.ts';

export interface SocketPair extends AsyncDisposable {
  readonly near: Socket;
  readonly far: Socket;
}

export async function makeSocketPair(): Promise<SocketPair> {
  const folder = await mkdtemp(join(tmpdir(), 'lv-'));
  const path = join(folder, 's');
  const server = createServer();
  server.listen(path);
  await once(server, 'listening');
  const near = connect(path);
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  for (const end of [near, far]) end.on('error', () => undefined);
  return {
    near,
    far,
    [Symbol.asyncDispose]: async () => {
      near.destroy();
      far.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A peer made of bytes: writes what it is told, keeps the frames that it gets. */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  #wake: (() => void) | undefined;
  readonly #splitter = new FrameSplitter(maxFrameBytes);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#splitter.push(chunk);
      for (let frame = this.#splitter.next(); frame; frame = this.#splitter.next()) {
        this.frames.push(frame);
      }
      this.#wake?.();
    });
    socket.on('close', () => this.#wake?.());
  }

  /** The next frame that was not taken yet; undefined when the connection has ended. */
  async next(): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.frames.shift();
      if (frame) return frame;
      if (this.socket.destroyed) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  /** Sends a call and waits for the next frame. */
  async call(
    name: ProcedureName,
    args: Readonly<Record<string, unknown>>,
    serial = 0,
  ): Promise<Frame | undefined> {
    this.socket.write(callFrame(name, args, serial));
    return this.next();
  }

  /** Answers a call with a value. */
  reply(frame: Frame, name: ProcedureName, ret: Readonly<Record<string, unknown>>): void {
    this.socket.write(replyFrame(frame, name, ret));
  }
}

export function callFrame(
  name: ProcedureName,
  args: Readonly<Record<string, unknown>>,
  serial = 0,
): Buffer {
  const route = routeOf(name);
  const { program, entry } = route;
  return encodeFrame(
    {
      program,
      version: 1,
      procedure: entry.number,
      type: frameTypes.call,
      serial,
      status: frameStatus.ok,
    },
    route.args,
    args,
  );
}

export function replyFrame(
  frame: Frame,
  name: ProcedureName,
  ret: Readonly<Record<string, unknown>>,
): Buffer {
  return encodeFrame({ ...frame, type: frameTypes.reply }, routeOf(name).ret, ret);
}
