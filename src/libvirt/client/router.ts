/**
 * Replies, streams and messages to those who wait for them. Serials count up from 0 and tie a reply to
 * its call; a reply that nobody can have asked for ends the connection, as nothing after it can be
 * trusted. A call that was given up keeps its place until its late reply has come.
 */
import { abortReason, Fault } from '#lib';
import type { Link } from '../link/link.ts';
import { unavailable } from '../link/link.ts';
import { findMessage, type MessageRoute, type Route } from '../procedures/table.ts';
import { decodeWhole } from '../wire/codec.ts';
import {
  encodeFrame,
  frameStatus,
  frameTypes,
  protocolVersion,
  type Frame,
} from '../wire/frame.ts';
import { faultFromRemote, remoteErrorCodec } from '../wire/remote-error.ts';
import { ClientStream } from './client-stream.ts';

/** Calls and streams at work at the same time on one connection. */
const maxOpen = 4096;

interface Waiting {
  readonly route: Route;
  /** Called in the same turn in which the reply arrived, before any later frame is looked at. */
  readonly resolve: (ret: unknown) => void;
  readonly reject: (fault: Fault) => void;
  readonly stream: ClientStream | undefined;
  abandoned: boolean;
}

export interface RouterOptions {
  readonly link: Link;
  readonly onMessage: (route: MessageRoute, fields: unknown) => void;
}

export class Router {
  readonly #link: Link;
  readonly #onMessage: RouterOptions['onMessage'];
  readonly #waiting = new Map<number, Waiting>();
  readonly #streams = new Map<number, ClientStream>();
  #nextSerial = 0;

  constructor(options: RouterOptions) {
    this.#link = options.link;
    this.#onMessage = options.onMessage;
  }

  /** `onReply` sees the reply before any frame behind it is handled. */
  call(
    route: Route,
    args: unknown,
    signal?: AbortSignal,
    onReply?: (ret: unknown) => void,
  ): Promise<unknown> {
    return this.#send(this.#takeSerial(), route, args, signal, undefined, onReply);
  }

  async open(
    route: Route,
    args: unknown,
    signal?: AbortSignal,
  ): Promise<{ readonly ret: unknown; readonly stream: ClientStream }> {
    const serial = this.#takeSerial();
    const id = { program: route.program, procedure: route.entry.number, serial };
    const stream = new ClientStream(this.#link, id, `libvirt stream ${route.name}`, () =>
      this.#streams.delete(serial),
    );
    const ret = await this.#send(serial, route, args, signal, stream);
    return { ret, stream };
  }

  /** A frame arrived. Errors: `invalid`, `too-large`; the link ends then. */
  take(frame: Frame): void {
    switch (frame.type) {
      case frameTypes.reply:
        this.#takeReply(frame);
        break;
      case frameTypes.message:
        this.#takeMessage(frame);
        break;
      case frameTypes.stream:
      case frameTypes.streamHole:
        this.#takeStream(frame);
        break;
      default:
        throw new Fault('invalid', `a server does not send frames of type ${frame.type}`);
    }
  }

  /** The connection ended: everybody who waits hears why. */
  lose(fault: Fault | undefined): void {
    const reason = fault ?? unavailable(this.#link.peer, 'was closed');
    const waiting = [...this.#waiting.values()];
    const streams = [...this.#streams.values()];
    this.#waiting.clear();
    this.#streams.clear();
    for (const one of waiting) one.reject(doing(one.route, reason));
    for (const stream of streams) stream.lose(reason);
  }

  #takeSerial(): number {
    let serial = this.#nextSerial;
    while (this.#waiting.has(serial) || this.#streams.has(serial)) serial = after(serial);
    this.#nextSerial = after(serial);
    return serial;
  }

  #send(
    serial: number,
    route: Route,
    args: unknown,
    signal: AbortSignal | undefined,
    stream: ClientStream | undefined,
    onReply?: (ret: unknown) => void,
  ): Promise<unknown> {
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    if (this.#link.ended) {
      const reason = this.#link.reason ?? unavailable(this.#link.peer, 'was closed');
      return Promise.reject(doing(route, reason));
    }
    if (this.#waiting.size + this.#streams.size >= maxOpen) {
      return Promise.reject(
        new Fault('exhausted', `${maxOpen} libvirt calls wait for ${this.#link.peer} already`),
      );
    }
    let frame: Buffer;
    try {
      frame = encodeFrame(
        {
          program: route.program,
          version: protocolVersion,
          procedure: route.entry.number,
          type: frameTypes.call,
          serial,
          status: frameStatus.ok,
        },
        route.args,
        args,
      );
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        waiting.abandoned = true;
        reject(abortReason(signal));
      };
      const waiting: Waiting = {
        route,
        stream,
        abandoned: false,
        resolve: (ret) => {
          signal?.removeEventListener('abort', onAbort);
          onReply?.(ret);
          resolve(ret);
        },
        reject: (fault) => {
          signal?.removeEventListener('abort', onAbort);
          reject(fault);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.set(serial, waiting);
      // A server may begin with the stream before it has answered the call.
      if (stream) this.#streams.set(serial, stream);
      this.#link.send(frame);
    });
  }

  #takeReply(frame: Frame): void {
    const waiting = this.#waiting.get(frame.serial);
    if (
      waiting === undefined ||
      waiting.route.program !== frame.program ||
      waiting.route.entry.number !== frame.procedure
    ) {
      throw new Fault('invalid', `a reply came to call ${frame.serial}, which was never made`);
    }
    this.#waiting.delete(frame.serial);
    try {
      this.#settle(waiting, frame);
    } catch (error) {
      // The link ends too; this call would no longer be among those that hear why.
      if (error instanceof Fault) waiting.reject(error);
      throw error;
    }
  }

  #settle(waiting: Waiting, frame: Frame): void {
    const { route, stream } = waiting;
    if (frame.status === frameStatus.error) {
      this.#streams.delete(frame.serial);
      const error = decodeWhole(remoteErrorCodec, frame.payload, `the error of ${route.name}`);
      waiting.reject(faultFromRemote(error, `libvirt call ${route.name}`));
      return;
    }
    if (frame.status !== frameStatus.ok) {
      throw new Fault('invalid', `the reply to ${route.name} has status ${frame.status}`);
    }
    const ret = decodeWhole(route.ret, frame.payload, `${route.name}.ret`);
    if (waiting.abandoned) stream?.abort();
    waiting.resolve(ret);
  }

  #takeMessage(frame: Frame): void {
    const route = findMessage(frame.program, frame.procedure);
    // A newer server may send what we do not know; its frame is whole, so nothing is lost.
    if (route === undefined) return;
    this.#onMessage(route, decodeWhole(route.fields, frame.payload, route.name));
  }

  #takeStream(frame: Frame): void {
    // Frames of a stream that has just ended on our side may still be on their way.
    this.#streams.get(frame.serial)?.take(frame);
  }
}

function after(serial: number): number {
  return (serial + 1) % 0x8000_0000;
}

function doing(route: Route, reason: Fault): Fault {
  const { code, facts, hint } = reason;
  return new Fault(code, `libvirt call ${route.name}`, { cause: reason, facts, hint });
}
