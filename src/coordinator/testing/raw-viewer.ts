/** A native viewer as a test writes it, byte for byte (RFC 6143; VeNCrypt 0.2). */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { answerChallenge, readExactly, rfbVersion } from '#rfb';

const { signal } = new AbortController();
const vnc = 2;
const veNCrypt = 19;
const x509Vnc = 261;
const x509Plain = 262;

export type Proof =
  | { readonly means: 'plain'; readonly user: string; readonly password: string }
  | { readonly means: 'challenge'; readonly password: string }
  | { readonly means: 'challenge without TLS'; readonly password: string };

export interface Proved {
  /** `in`, or why not. */
  readonly answer: string;
  /** Security types, and subtypes of VeNCrypt, that were offered. */
  readonly offered: readonly number[];
  readonly stream: Duplex;
}

/** Connects to 127.0.0.1 and proves itself; a proof that is not offered is answered `not offered`. */
export async function knock(
  port: number,
  proof: Proof,
  tls: { readonly ca: string; readonly name?: string },
  host = '127.0.0.1',
): Promise<Proved> {
  const socket = connect({ port, host });
  await once(socket, 'connect');
  await readExactly(socket, rfbVersion.length, signal);
  socket.write(rfbVersion);
  const types = await readExactly(
    socket,
    (await readExactly(socket, 1, signal)).readUInt8(0),
    signal,
  );
  const type = proof.means === 'challenge without TLS' ? vnc : veNCrypt;
  if (!types.includes(type)) return notOffered(socket, [...types]);
  socket.write(Buffer.from([type]));
  if (proof.means === 'challenge without TLS') {
    await answer(socket, proof.password);
    return { answer: await readResult(socket), offered: [...types], stream: socket };
  }
  await readExactly(socket, 2, signal);
  socket.write(Buffer.from([0, 2]));
  const count = (await readExactly(socket, 2, signal)).readUInt8(1);
  const list = await readExactly(socket, 4 * count, signal);
  const subtypes = Array.from({ length: count }, (_, index) => list.readUInt32BE(4 * index));
  const offered = [...types, ...subtypes];
  const subtype = proof.means === 'plain' ? x509Plain : x509Vnc;
  if (!subtypes.includes(subtype)) return notOffered(socket, offered);
  socket.write(uint32(subtype));
  await readExactly(socket, 1, signal);
  const { ca, name = host } = tls;
  const secure = connectTls({ socket, ca, host: name });
  await once(secure, 'secureConnect');
  if (proof.means === 'challenge') await answer(secure, proof.password);
  else {
    const [user, password] = [Buffer.from(proof.user), Buffer.from(proof.password)];
    secure.write(Buffer.concat([uint32(user.length), uint32(password.length), user, password]));
  }
  return { answer: await readResult(secure), offered, stream: secure };
}

function notOffered(socket: Socket, offered: readonly number[]): Proved {
  socket.destroy();
  return { answer: 'not offered', offered, stream: socket };
}

async function answer(stream: Duplex, password: string): Promise<void> {
  stream.write(answerChallenge(await readExactly(stream, 16, signal), password));
}

async function readResult(stream: Duplex): Promise<string> {
  if ((await readExactly(stream, 4, signal)).readUInt32BE(0) === 0) return 'in';
  const length = (await readExactly(stream, 4, signal)).readUInt32BE(0);
  const reason = await readExactly(stream, length, signal);
  stream.destroy();
  return reason.toString();
}

/** ClientInit; answers the name of the screen. */
export async function begin(stream: Duplex): Promise<string> {
  stream.write(Buffer.from([0]));
  const init = await readExactly(stream, 24, signal);
  return (await readExactly(stream, init.readUInt32BE(20), signal)).toString();
}

/** KeyEvent, pressed and let go. */
export function press(stream: Duplex, key: number): void {
  for (const isDown of [1, 0])
    stream.write(Buffer.concat([Buffer.from([4, isDown, 0, 0]), uint32(key)]));
}

/** Asks for a picture of so many pixels and reads it: what was sent before has arrived by then. */
export async function look(stream: Duplex, { width, height }: ScreenSize): Promise<void> {
  const request = Buffer.alloc(10);
  request.writeUInt8(3);
  request.writeUInt16BE(width, 6);
  request.writeUInt16BE(height, 8);
  stream.write(request);
  const [head, bytesPerPixel] = [16, 4];
  await readExactly(stream, head + width * height * bytesPerPixel, signal);
}

interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
