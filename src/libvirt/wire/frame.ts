/**
 * Frames: what libvirt's connections carry (libvirt's page "RPC protocol"). A header of seven words,
 * then the payload; the length counts itself. One frame is one Buffer: header and payload are written
 * together, so that nothing comes between them.
 */
import { Fault } from '#lib';
import type { Codec } from './codec.ts';
import { XdrWriter } from './xdr.ts';

export const headerBytes = 28;
/** Longest frame that libvirt takes: 32 MiB and the length word. */
export const maxFrameBytes = 32 * 1024 * 1024 + 4;
/** Longest payload of one stream frame. */
export const maxStreamBytes = 262_120;

export const programs = {
  remote: 0x2000_8086,
  qemu: 0x2000_8087,
  lxc: 0x0006_8000,
  keepalive: 0x6b65_6570,
} as const;
export type ProgramName = keyof typeof programs;
export const protocolVersion = 1;

export const frameTypes = {
  call: 0,
  reply: 1,
  message: 2,
  stream: 3,
  callWithFds: 4,
  replyWithFds: 5,
  streamHole: 6,
} as const;

export const frameStatus = { ok: 0, error: 1, continue: 2 } as const;

export interface FrameHeader {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly type: number;
  readonly serial: number;
  readonly status: number;
}

export interface Frame extends FrameHeader {
  readonly payload: Buffer;
}

/** An answer that its handler writes itself, byte for byte what the codec would make of a `T`. */
export class Encoded<T> {
  /** For the compiler alone: what it stands for. */
  declare readonly of: T;
  readonly write: (writer: XdrWriter) => void;
  readonly lasting: Lasting | undefined;

  constructor(write: (writer: XdrWriter) => void, lasting?: Lasting) {
    this.write = write;
    this.lasting = lasting;
  }
}

/** Of an answer of which most stands again in the next one. */
export interface Lasting {
  /** The same one for answers that differ in figures alone. */
  readonly layout: object;
  readonly sizeBytes: number;
  /** Writes the figures where an answer of the layout stands, in the places that these have in a frame. */
  readonly patch: (writer: XdrWriter) => void;
}

/** A frame whose payload is a value of the codec. Errors: `too-large`, `invalid` from the codec. */
export function encodeFrame<T>(header: FrameHeader, codec: Codec<T>, value: T): Buffer {
  const writer = new XdrWriter(headerBytes, maxFrameBytes);
  codec.write(writer, value);
  const frame = writer.finish();
  writeHeader(frame, header);
  return frame;
}

/** An answer that was written otherwise. Errors: as `encodeFrame`. */
export function encodeAnswer(header: FrameHeader, answer: Encoded<unknown>): Buffer {
  const writer = new XdrWriter(headerBytes, maxFrameBytes);
  answer.write(writer);
  const frame = writer.finish();
  writeHeader(frame, header);
  return frame;
}

/** The same in memory that is there; `isLaid`: an answer of its layout stands in it. */
export function encodeLasting(
  header: FrameHeader,
  answer: Encoded<unknown>,
  { patch, sizeBytes }: Lasting,
  { buffer, isLaid }: { readonly buffer: Buffer; readonly isLaid: boolean },
): Buffer {
  const writer = new XdrWriter(headerBytes, maxFrameBytes, buffer);
  if (isLaid) patch(writer);
  else answer.write(writer);
  const frame = buffer.subarray(0, headerBytes + sizeBytes);
  writeHeader(frame, header);
  return frame;
}

/** A frame whose payload is bytes as they are: stream data, or nothing. */
export function encodeRawFrame(header: FrameHeader, payload?: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + (payload?.length ?? 0));
  writeHeader(frame, header);
  if (payload) frame.set(payload, headerBytes);
  return frame;
}

/** One whole frame, its payload a view of the buffer. Errors: `invalid` naming the header's member. */
export function decodeFrame(frame: Buffer): Frame {
  const version = frame.readUInt32BE(8);
  const type = frame.readUInt32BE(16);
  const status = frame.readUInt32BE(24);
  if (version !== protocolVersion) throw malformed(`version ${version}`);
  if (type > frameTypes.streamHole) throw malformed(`type ${type}`);
  if (status > frameStatus.continue) throw malformed(`status ${status}`);
  return {
    program: frame.readUInt32BE(4),
    version,
    procedure: frame.readInt32BE(12),
    type,
    serial: frame.readUInt32BE(20),
    status,
    payload: frame.subarray(headerBytes),
  };
}

function writeHeader(frame: Buffer, header: FrameHeader): void {
  putWord(frame, 0, frame.length);
  putWord(frame, 4, header.program);
  putWord(frame, 8, header.version);
  putWord(frame, 12, header.procedure);
  putWord(frame, 16, header.type);
  putWord(frame, 20, header.serial);
  putWord(frame, 24, header.status);
}

/** Of 32 bits. Without the checks that Buffer's methods make again for each of them. */
function putWord(frame: Buffer, at: number, value: number): void {
  frame[at] = value >>> 24;
  frame[at + 1] = value >>> 16;
  frame[at + 2] = value >>> 8;
  frame[at + 3] = value;
}

function malformed(what: string): Fault {
  return new Fault('invalid', `malformed libvirt frame: ${what}`, {
    hint: 'check that a libvirt server speaks on this address and port',
  });
}
