/** For tests: an export in memory, and a client that is bytes over a stream. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { Fault } from '#lib';
import type { Export } from './export.ts';
import { requestBytes } from './requests.ts';
import { StreamReader } from './stream-reader.ts';
import {
  IHAVEOPT,
  NBD_CMD_READ,
  NBD_OPT_GO,
  NBD_OPT_SET_META_CONTEXT,
  NBD_OPT_STRUCTURED_REPLY,
  NBD_REP_ACK,
  NBD_REPLY_TYPE_ERROR,
  NBD_REQUEST_MAGIC,
  NBD_SIMPLE_REPLY_MAGIC,
} from './wire.ts';

/** Remembers what was done with it; `hold` keeps the reads of one offset back. */
export class MemoryExport implements Export {
  readonly sectorBytes = 512;
  readonly blockBytes = 65536;
  readonly bytes: Buffer;
  readonly done: string[] = [];
  isWritable = true;
  held: { readonly offset: number; readonly until: Promise<void> } | undefined;

  constructor(sizeBytes: number) {
    this.bytes = Buffer.alloc(sizeBytes);
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  async read(into: Uint8Array, offset: number): Promise<void> {
    this.done.push(`read ${offset}`);
    if (this.held?.offset === offset) await this.held.until;
    into.set(this.bytes.subarray(offset, offset + into.length));
  }

  async write(from: Uint8Array, offset: number): Promise<void> {
    if (offset === 1024) throw new Fault('exhausted', 'the volume is full');
    this.done.push(`write ${offset}`);
    this.bytes.set(from, offset);
  }

  async zero(offset: number, length: number): Promise<void> {
    this.done.push(`zero ${offset}`);
    this.bytes.fill(0, offset, offset + length);
  }

  async flush(): Promise<void> {
    this.done.push('flush');
  }

  /** Blocks of 4096 bytes. */
  async runAt(offset: number, limit: number): Promise<{ kind: string; length: number }> {
    const length = Math.min(limit, 4096 - (offset % 4096));
    const isZero = this.bytes.subarray(offset, offset + length).every((byte) => byte === 0);
    return { kind: isZero ? 'zero' : 'data', length };
  }
}

export function optionBytes(option: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(16);
  head.writeBigUInt64BE(IHAVEOPT, 0);
  head.writeUInt32BE(option, 8);
  head.writeUInt32BE(data.length, 12);
  return Buffer.concat([head, data]);
}

/** A length of four bytes and the text. */
export function textBytes(text: string): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(text.length);
  return Buffer.concat([head, Buffer.from(text)]);
}

export interface Asked {
  readonly type: number;
  readonly flags?: number;
  readonly cookie?: bigint;
  readonly offset?: number | bigint;
  readonly length?: number;
  readonly payload?: Buffer;
}

export function requestOf(asked: Asked): Buffer {
  const { type, flags = 0, cookie = 1n, offset = 0, payload = Buffer.alloc(0) } = asked;
  const head = Buffer.alloc(requestBytes);
  head.writeUInt32BE(NBD_REQUEST_MAGIC, 0);
  head.writeUInt16BE(flags, 4);
  head.writeUInt16BE(type, 6);
  head.writeBigUInt64BE(cookie, 8);
  head.writeBigUInt64BE(BigInt(offset), 16);
  head.writeUInt32BE(asked.length ?? payload.length, 24);
  return Buffer.concat([head, payload]);
}

export interface Answer {
  readonly cookie: bigint;
  readonly error: number;
  readonly data: Buffer;
}

export class TestClient implements Disposable {
  readonly socket: Socket;
  readonly reader: StreamReader;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.reader = new StreamReader(socket);
    socket.on('error', () => undefined);
  }

  /** As far as the greeting. */
  static async dial(port: number): Promise<TestClient> {
    const client = new TestClient(connect(port, '127.0.0.1'));
    await client.bytes(18);
    return client;
  }

  /** With structured replies and, for `allocation`, the metadata context. */
  static async open(port: number, wish: 'simple' | 'structured' | 'allocation') {
    const client = await TestClient.dial(port);
    client.socket.write(Buffer.from([0, 0, 0, 3]));
    if (wish !== 'simple') await client.option(NBD_OPT_STRUCTURED_REPLY);
    const query = Buffer.concat([
      textBytes(''),
      Buffer.from([0, 0, 0, 1]),
      textBytes('base:allocation'),
    ]);
    if (wish === 'allocation') await client.option(NBD_OPT_SET_META_CONTEXT, query);
    const types = await client.option(NBD_OPT_GO, Buffer.concat([textBytes(''), Buffer.alloc(2)]));
    assert.equal(types.at(-1)?.type, NBD_REP_ACK);
    return client;
  }

  /** Sends an option; its replies up to the one that ends it. */
  async option(option: number, data?: Buffer): Promise<{ type: number; data: Buffer }[]> {
    this.socket.write(optionBytes(option, data));
    for (const replies: { type: number; data: Buffer }[] = []; ;) {
      const head = await this.bytes(20);
      const type = head.readUInt32BE(12);
      replies.push({ type, data: await this.bytes(head.readUInt32BE(16)) });
      if (type === NBD_REP_ACK || type >= 0x8000_0000) return replies;
    }
  }

  send(asked: Asked): void {
    this.socket.write(requestOf(asked));
  }

  /** The next reply, whichever request it answers. `readBytes`: what a read that succeeds carries. */
  async answer(readBytes = 0): Promise<Answer> {
    const head = await this.bytes(16);
    if (head.readUInt32BE(0) === NBD_SIMPLE_REPLY_MAGIC) {
      const error = head.readUInt32BE(4);
      const data = await this.bytes(error === 0 ? readBytes : 0);
      return { cookie: head.readBigUInt64BE(8), error, data };
    }
    const data = await this.bytes((await this.bytes(4)).readUInt32BE(0));
    const error = head.readUInt16BE(6) === NBD_REPLY_TYPE_ERROR ? data.readUInt32BE(0) : 0;
    return { cookie: head.readBigUInt64BE(8), error, data };
  }

  async ask(asked: Asked): Promise<Answer> {
    this.send(asked);
    return this.answer(asked.type === NBD_CMD_READ ? asked.length : 0);
  }

  /** Resolves when the server has ended the connection. */
  async untilEnd(): Promise<void> {
    while ((await this.reader.take(1).catch(() => undefined)) !== undefined);
  }

  async bytes(length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    await this.reader.fill(bytes);
    return bytes;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
