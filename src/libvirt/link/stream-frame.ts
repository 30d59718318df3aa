/** The frames of a stream (libvirt's page "RPC protocol", streams): they repeat the call's numbers. */
import { Fault } from '#lib';
import { compile, decodeWhole } from '../wire/codec.ts';
import {
  encodeFrame,
  encodeRawFrame,
  frameStatus,
  frameTypes,
  maxStreamBytes,
  protocolVersion,
  type Frame,
  type FrameHeader,
} from '../wire/frame.ts';
import { hyper, struct, uint } from '../wire/shape.ts';
import { remoteErrorCodec, type RemoteError } from '../wire/remote-error.ts';
import type { StreamPart } from './stream-inbox.ts';

/** What ties frames to their stream. */
export interface StreamId {
  readonly program: number;
  readonly procedure: number;
  readonly serial: number;
}

const holeCodec = compile(struct({ length: hyper, flags: uint }), 'stream hole');

export function dataFrame(id: StreamId, bytes: Uint8Array): Buffer {
  return encodeRawFrame(header(id, frameStatus.continue), bytes);
}

/** The end of what the server sends: a data frame without data. */
export function endFrame(id: StreamId): Buffer {
  return encodeRawFrame(header(id, frameStatus.continue));
}

export function holeFrame(id: StreamId, lengthBytes: bigint): Buffer {
  return encodeFrame(header(id, frameStatus.continue, frameTypes.streamHole), holeCodec, {
    length: lengthBytes,
    flags: 0,
  });
}

/** The client has finished, or the server confirms it. */
export function finishFrame(id: StreamId): Buffer {
  return encodeRawFrame(header(id, frameStatus.ok));
}

/** The client gives up: an error without a body. */
export function abortFrame(id: StreamId): Buffer {
  return encodeRawFrame(header(id, frameStatus.error));
}

export function failFrame(id: StreamId, error: RemoteError): Buffer {
  return encodeFrame(header(id, frameStatus.error), remoteErrorCodec, error);
}

/** The part in a data or hole frame; undefined for the end mark. Errors: `invalid`, `too-large`. */
export function readPart(frame: Frame): StreamPart | undefined {
  if (frame.type === frameTypes.streamHole) {
    const { length } = decodeWhole(holeCodec, frame.payload, 'stream hole');
    if (length < 0n) throw new Fault('invalid', `a stream has a hole of ${length} bytes`);
    return { kind: 'hole', lengthBytes: length };
  }
  return frame.payload.length === 0 ? undefined : { kind: 'data', bytes: frame.payload };
}

/** Bytes in pieces of at most what one frame may carry. */
export function* cutForFrames(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += maxStreamBytes) {
    yield bytes.subarray(start, start + maxStreamBytes);
  }
}

function header(id: StreamId, status: number, type: number = frameTypes.stream): FrameHeader {
  return { ...id, version: protocolVersion, type, status };
}
