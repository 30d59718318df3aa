/**
 * One connection at the server: the greeting (greeting.ts), then calls, streams and events.
 *
 * Invariants: before CONNECT_OPEN only the procedures of connecting are answered; a read-only connection never reaches a handler that writes; a peer that does not get
 * to `open` in time, or does not read, is ended.
 */
import type { Duplex } from 'node:stream';
import { assert, Fault, toFault } from '#lib';
import { defaultKeepalive, type KeepaliveOptions } from '../link/keepalive.ts';
import { Link, unavailable } from '../link/link.ts';
import { accessOf } from '../procedures/entry.ts';
import { features, openReadOnly, type Feature } from '../procedures/feature.ts';
import { findRoute, type ArgsOf, type EventName, type Route } from '../procedures/table.ts';
import { decodeWhole } from '../wire/codec.ts';
import { errorDomains } from '../wire/error-code.ts';
import {
  Encoded,
  encodeAnswer,
  encodeFrame,
  encodeLasting,
  frameStatus,
  frameTypes,
  headerBytes,
  maxFrameBytes,
  programs,
  protocolVersion,
  type Frame,
  type FrameHeader,
} from '../wire/frame.ts';
import { libvirtFault, remoteErrorCodec, remoteFromFault } from '../wire/remote-error.ts';
import { AnswerBuffers } from './answer-buffers.ts';
import { CallQueue, defaultCallLimits, type CallLimits } from './call-queue.ts';
import { EventRegistry, type EventFields } from './event-registry.ts';
import { Greeting } from './greeting.ts';
import type { CallContext, OpenAnswer, OpenRequest, Peer, StreamAnswer } from './handler.ts';
import type { SaslOptions } from './sasl-server.ts';
import { ServerStream } from './server-stream.ts';

export interface SessionOptions {
  readonly open: (request: OpenRequest) => OpenAnswer | Promise<OpenAnswer>;
  /** Asks for a name and password; without it, the socket or certificate has to suffice. */
  readonly sasl?: SaslOptions | undefined;
  /** What the handlers can do beyond what the session does itself. */
  readonly features?: readonly Feature[] | undefined;
  readonly keepalive?: KeepaliveOptions | 'off' | undefined;
  readonly callLimits?: CallLimits | undefined;
  /** For connecting and logging in. */
  readonly openTimeoutMs?: number | undefined;
  readonly stallMs?: number | undefined;
  /** Calls that failed, for the log; `internal` ones are bugs. */
  readonly onFault?: ((procedure: string, fault: Fault, peer: Peer) => void) | undefined;
}

const defaultOpenTimeoutMs = 20_000;
/** Enough for the longest SASL message, little enough for whoever has proved nothing. */
const maxGreetingBytes = 512 * 1024;
const maxStreams = 64;
/** Above this, no further calls are taken until the peer has read. */
const busyBytes = 4 * 1024 * 1024;

const ownFeatures: readonly Feature[] = [
  'keepalive',
  'typedParamStrings',
  'eventCallbackIds',
  'closeCallback',
  'networkUpdateOrder',
];

type AnyHandler = (args: unknown, context: CallContext) => unknown;

export class Session {
  readonly peer: Peer;
  /** Resolves when the connection has ended, with the reason unless the client said good-bye. */
  readonly closed: Promise<Fault | undefined>;
  readonly #options: SessionOptions;
  readonly #buffers: AnswerBuffers;
  readonly #link: Link;
  readonly #calls: CallQueue;
  readonly #events = new EventRegistry();
  readonly #streams = new Map<number, ServerStream>();
  readonly #greeting: Greeting;
  readonly #controller = new AbortController();
  readonly #features: ReadonlySet<number>;
  readonly #openTimer: NodeJS.Timeout;
  #access: 'read' | 'write';
  #opened: OpenAnswer | undefined;
  #holdsForReader = false;

  /** `buffers`: of all connections of a server. */
  constructor(
    socket: Duplex,
    peer: Peer,
    options: SessionOptions,
    buffers: AnswerBuffers = new AnswerBuffers(),
  ) {
    this.peer = peer;
    this.#buffers = buffers;
    this.#options = options;
    this.#access = peer.access;
    const known = [...ownFeatures, ...(options.features ?? [])];
    this.#features = new Set(
      known.filter((one) => one !== 'fdPassing').map((one) => features[one]),
    );
    this.#greeting = new Greeting({
      peer,
      sasl: options.sasl?.waives?.(peer) === true ? undefined : options.sasl,
      supports: (feature) => this.#supports(feature),
      open: (args) => this.#open(args),
      // The reply goes first.
      close: () => setImmediate(() => this.end()),
    });
    const { promise, resolve } = Promise.withResolvers<Fault | undefined>();
    this.closed = promise;
    this.#link = new Link(socket, {
      peer: `libvirt client ${peer.address}`,
      maxFrameBytes: maxGreetingBytes,
      stallMs: options.stallMs,
      onFrame: (frame) => this.#onFrame(frame),
      onEnd: (fault) => {
        this.#onEnd(fault);
        resolve(fault);
      },
    });
    this.#calls = new CallQueue(this.#link, options.callLimits ?? defaultCallLimits);
    const openTimeoutMs = options.openTimeoutMs ?? defaultOpenTimeoutMs;
    this.#openTimer = setTimeout(() => {
      this.end(new Fault('timeout', `${peer.address} has not opened within ${openTimeoutMs} ms`));
    }, openTimeoutMs);
    this.#openTimer.unref();
  }

  /** Proved with SASL. */
  get user(): string | undefined {
    return this.#greeting.user;
  }

  get access(): 'read' | 'write' {
    return this.#access;
  }

  /** Tells the connection's subscribers. One that does not read is ended, not skipped. */
  emit<E extends EventName>(name: E, fields: EventFields<E>): void {
    if (this.#events.size === 0) return;
    for (const frame of this.#events.frames(name, fields)) this.#link.send(frame);
  }

  end(fault?: Fault): void {
    this.#link.end(fault);
  }

  #onEnd(fault: Fault | undefined): void {
    clearTimeout(this.#openTimer);
    this.#calls.clear();
    const reason = fault ?? unavailable(this.#link.peer, 'was closed');
    this.#controller.abort(reason);
    for (const stream of this.#streams.values()) stream.lose(reason);
    this.#streams.clear();
    this.#opened?.onClose?.();
  }

  #onFrame(frame: Frame): void {
    switch (frame.type) {
      case frameTypes.call:
        this.#calls.add(() => this.#answer(frame));
        break;
      case frameTypes.stream:
      case frameTypes.streamHole:
        // A stream that has just ended here may still be spoken to.
        this.#streams.get(frame.serial)?.take(frame);
        break;
      default:
        throw new Fault('invalid', `a client does not send frames of type ${frame.type}`, {
          hint: 'file descriptors cannot be passed; the server has said so (feature 8)',
        });
    }
  }

  /** At once where the handler knows the answer. Never throws or rejects: whatever goes wrong is the answer. */
  #answer(frame: Frame): void | Promise<void> {
    const route = findRoute(frame.program, frame.procedure);
    try {
      if (!route) throw unknownProcedure(frame);
      const answer = this.#dispatch(route, this.#readArgs(route, frame), frame);
      if (!(answer instanceof Promise)) return this.#reply(frame, route, answer);
      return answer
        .then((late) => this.#reply(frame, route, late))
        .catch((error: unknown) => this.#refuse(frame, route.name, error));
    } catch (error) {
      return this.#refuse(frame, route?.name ?? 'UNKNOWN', error);
    }
  }

  #reply(frame: Frame, route: Route, answer: unknown): void {
    if (this.#link.ended) return;
    const isStream = answer instanceof StreamReply;
    const ret = isStream ? answer.ret : answer;
    const header = replyTo(frame, frameStatus.ok);
    if (ret instanceof Encoded) this.#sendEncoded(header, ret);
    else this.#link.send(encodeFrame(header, route.ret, ret));
    if (isStream) answer.begin();
    this.#waitForReader();
  }

  #sendEncoded(header: FrameHeader, answer: Encoded<unknown>): void {
    const { lasting } = answer;
    const lent = lasting && this.#buffers.take(headerBytes + lasting.sizeBytes, lasting);
    if (lasting === undefined || lent === undefined) {
      this.#link.send(encodeAnswer(header, answer));
      return;
    }
    this.#link.send(encodeLasting(header, answer, lasting, lent), () =>
      this.#buffers.giveBack(lent, lasting),
    );
  }

  #refuse(frame: Frame, procedure: string, error: unknown): void {
    const fault = toFault(error);
    this.#options.onFault?.(procedure, fault, this.peer);
    const shown = fault.code === 'internal' ? hideCause(fault) : fault;
    const body = remoteFromFault(shown, procedure);
    this.#link.send(encodeFrame(replyTo(frame, frameStatus.error), remoteErrorCodec, body));
    this.#waitForReader();
  }

  #readArgs(route: Route, frame: Frame): Readonly<Record<string, unknown>> {
    const args = decodeWhole(route.args, frame.payload, `${route.name}.args`);
    return args as Readonly<Record<string, unknown>>;
  }

  /** What is answered, or its promise. */
  #dispatch(route: Route, args: Readonly<Record<string, unknown>>, frame: Frame): unknown {
    if (route.entry.access === 'session') return this.#greeting.answer(route.name, args);
    const opened = this.#opened;
    if (!opened) throw libvirtFault('INVALID_CONN', `${route.name} before CONNECT_OPEN`);
    if (this.#access === 'read' && accessOf(route.entry, args) === 'write') {
      throw libvirtFault(
        'OPERATION_DENIED',
        `operation forbidden: read only access prevents ${route.name}`,
      );
    }
    const { signal } = this.#controller;
    const context: CallContext = { session: this, procedure: route.name, signal };
    const judged = opened.authorize?.(args, context);
    return judged instanceof Promise
      ? judged.then(() => this.#handle(opened, route, args, frame, context))
      : this.#handle(opened, route, args, frame, context);
  }

  #handle(
    opened: OpenAnswer,
    route: Route,
    args: Readonly<Record<string, unknown>>,
    frame: Frame,
    context: CallContext,
  ): unknown {
    const registered = this.#events.dispatch(route.name, args);
    if (registered) return registered;
    // The map of handlers is typed per name; here the name is only known as one of them.
    const handler = opened.handlers[route.name] as AnyHandler | undefined;
    if (!handler) throw libvirtFault('NO_SUPPORT', `${route.name} is not supported here`);
    if (route.entry.stream === 'none') return handler(args, context);
    return this.#openStream(route, frame, () => handler(args, context));
  }

  async #openStream(route: Route, frame: Frame, start: () => unknown): Promise<StreamReply> {
    const { serial } = frame;
    if (this.#streams.size >= maxStreams || this.#streams.has(serial)) {
      throw new Fault('exhausted', `one connection may have ${maxStreams} streams`);
    }
    const stream = new ServerStream({
      link: this.#link,
      id: { program: frame.program, procedure: frame.procedure, serial },
      kind: route.entry.stream,
      procedure: route.name,
      onDone: () => this.#streams.delete(serial),
      onFault: (fault) => this.#options.onFault?.(route.name, fault, this.peer),
    });
    // A client may send before it has read the reply.
    this.#streams.set(serial, stream);
    try {
      const answer = (await start()) as StreamAnswer<never>;
      return new StreamReply(answer.ret, () => void stream.run(answer.run));
    } catch (error) {
      this.#streams.delete(serial);
      stream.lose(toFault(error));
      throw error;
    }
  }

  async #open({ name, flags }: ArgsOf<'CONNECT_OPEN'>): Promise<void> {
    if ((flags & openReadOnly) !== 0) this.#access = 'read';
    const { signal } = this.#controller;
    const { peer, user, access } = this;
    const request: OpenRequest = { peer, user, name, access, session: this, signal };
    const opened = await this.#options.open(request);
    if (signal.aborted) {
      opened.onClose?.();
      return;
    }
    this.#opened = opened;
    this.#link.limitFrames(maxFrameBytes);
    clearTimeout(this.#openTimer);
  }

  #supports(feature: number): boolean {
    const supported = this.#features.has(feature);
    const { keepalive = defaultKeepalive } = this.#options;
    if (feature !== features.keepalive) return supported;
    if (keepalive === 'off') return false;
    this.#link.startKeepalive(keepalive);
    return true;
  }

  /** Takes no further calls while the peer does not read its answers. */
  #waitForReader(): void {
    if (this.#holdsForReader || this.#link.ended || this.#link.pendingBytes < busyBytes) return;
    this.#holdsForReader = true;
    this.#link.hold();
    void this.#link
      .drained(this.#controller.signal)
      .catch(() => undefined)
      .finally(() => {
        this.#holdsForReader = false;
        this.#link.release();
      });
  }
}

/** An answer behind which a stream begins. */
class StreamReply {
  readonly ret: unknown;
  readonly begin: () => void;

  constructor(ret: unknown, begin: () => void) {
    this.ret = ret;
    this.begin = begin;
  }
}

function replyTo(frame: Frame, status: number): FrameHeader {
  const { program, procedure, serial } = frame;
  return { program, version: protocolVersion, procedure, type: frameTypes.reply, serial, status };
}

/** As libvirtd says it; its clients make "not supported" of it. */
function unknownProcedure(frame: Frame): Fault {
  const known = Object.values(programs).some((program) => program === frame.program);
  const text = known
    ? `unknown procedure: ${frame.procedure}`
    : `Cannot find program ${frame.program} version ${frame.version}`;
  const facts = { number: 39, name: 'RPC', domain: errorDomains.rpc };
  return new Fault('unsupported', text, { facts: { libvirt: facts } });
}

/** What a bug says is for our log, not for the peer. */
function hideCause(fault: Fault): Fault {
  assert(fault.code === 'internal', 'only internal faults are hidden');
  return new Fault('internal', fault.message, { facts: fault.facts });
}
