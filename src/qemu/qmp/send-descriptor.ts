/**
 * Hands an open file to the program at the other end of a Unix socket: sendmsg(2) with SCM_RIGHTS (unix(7)), which Node.js has
 * no words for, reached by `loadSymbols`. The bytes go past the stream of the socket, which must have sent all of its own.
 */
import type { Socket } from 'node:net';
import { Fault, loadSymbols, pointerTo } from '#lib';

const socketLevel = 1; // SOL_SOCKET
const rights = 1; // SCM_RIGHTS
const withoutWaiting = 0x40; // MSG_DONTWAIT
const withoutSignal = 0x4000; // MSG_NOSIGNAL

interface Calls {
  sendmsg(socket: number, message: bigint, flags: number): bigint;
}

function isCalls(value: object): value is Calls {
  return 'sendmsg' in value && typeof value.sendmsg === 'function';
}

/** On 64-bit Linux alone are the structures below what the call takes. */
function loadCalls(): Calls | undefined {
  if (!['x64', 'arm64'].includes(process.arch)) return undefined;
  const functions = loadSymbols({
    sendmsg: { arguments: ['int32', 'pointer', 'int32'], return: 'int64' },
  });
  return functions !== undefined && isCalls(functions) ? functions : undefined;
}

function socketNumber(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

/** Memory whose place is known to the system for as long as it is kept. */
function block(bytes: number): Buffer {
  return Buffer.from(new ArrayBuffer(bytes));
}

/**
 * Sends bytes, the descriptor along with the first of them, and answers how many were taken: the rest goes by the stream.
 * Faults: `unsupported` where this Node.js cannot; `unavailable` when nothing was taken.
 */
export function sendDescriptor(socket: Socket, text: string, descriptor: number): number {
  const calls = loadCalls();
  const to = socketNumber(socket);
  if (calls === undefined || to === undefined)
    throw new Fault('unsupported', 'an open file can be handed over with Node.js 26 alone');
  const bytes = block(Buffer.byteLength(text));
  bytes.write(text);
  const vector = block(16); // struct iovec
  vector.writeBigUInt64LE(pointerTo(bytes), 0);
  vector.writeBigUInt64LE(BigInt(bytes.length), 8);
  const control = block(24); // struct cmsghdr and one descriptor, filled up
  control.writeBigUInt64LE(20n, 0);
  control.writeInt32LE(socketLevel, 8);
  control.writeInt32LE(rights, 12);
  control.writeInt32LE(descriptor, 16);
  const message = block(56); // struct msghdr
  message.writeBigUInt64LE(pointerTo(vector), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(pointerTo(control), 32);
  message.writeBigUInt64LE(BigInt(control.length), 40);
  const taken = Number(calls.sendmsg(to, pointerTo(message), withoutWaiting + withoutSignal));
  if (taken <= 0) throw new Fault('unavailable', 'the socket does not take an open file now');
  return taken;
}
