/**
 * The typed client: the fourth layer over dialling (dial/), framing (link/) and routing (router.ts).
 * Every procedure is called by its name in the table, with the types that derive from it.
 */
import type { Duplex } from 'node:stream';
import { assert, Fault } from '#lib';
import { Link, unavailable } from '../link/link.ts';
import type { KeepaliveOptions } from '../link/keepalive.ts';
import type { EventMessage } from '../procedures/entry.ts';
import { eventFamilies } from '../procedures/event-family.ts';
import {
  messageRouteOf,
  routeOf,
  type ArgsOf,
  type EventName,
  type FieldsOf,
  type MessageName,
  type MessageRoute,
  type PlainProcedureName,
  type ProcedureName,
  type ReturnOf,
  type StreamProcedureName,
} from '../procedures/table.ts';
import type { ClientStream } from './client-stream.ts';
import { Router } from './router.ts';
import { defaultEventLimit, Subscription } from './subscription.ts';

export interface ClientOptions {
  /** Names the peer in faults; carries no secret. */
  readonly peer: string;
  /** Messages that belong to no subscription, such as the server's farewell. */
  readonly onMessage?: ((name: MessageName, fields: unknown) => void) | undefined;
  readonly stallMs?: number | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface SubscribeOptions extends CallOptions {
  /** The handle of the one object whose events are wanted; all objects when it is absent. */
  readonly object?: Readonly<Record<string, unknown>> | undefined;
  /** Messages kept for a slow listener. */
  readonly limit?: number | undefined;
}

export class Client implements AsyncDisposable {
  readonly peer: string;
  /** Resolves when the connection has ended, with the reason unless this side closed it. */
  readonly closed: Promise<Fault | undefined>;
  readonly #link: Link;
  readonly #router: Router;
  readonly #onMessage: ClientOptions['onMessage'];
  readonly #subscriptions = new Map<string, Subscription<EventName>>();

  constructor(socket: Duplex, options: ClientOptions) {
    this.peer = options.peer;
    this.#onMessage = options.onMessage;
    const { promise, resolve } = Promise.withResolvers<Fault | undefined>();
    this.closed = promise;
    this.#link = new Link(socket, {
      peer: options.peer,
      stallMs: options.stallMs,
      onFrame: (frame) => this.#router.take(frame),
      onEnd: (fault) => {
        this.#router.lose(fault);
        const reason = fault ?? unavailable(options.peer, 'was closed');
        for (const subscription of this.#subscriptions.values()) subscription.lose(reason);
        this.#subscriptions.clear();
        resolve(fault);
      },
    });
    this.#router = new Router({
      link: this.#link,
      onMessage: (route, fields) => this.#takeMessage(route, fields),
    });
  }

  /**
   * Calls a procedure. Errors: the server's as faults with `facts.libvirt`; `unavailable`, `timeout`
   * when the connection is lost; `invalid`, `too-large` for arguments that the wire cannot carry.
   */
  async call<P extends PlainProcedureName>(
    name: P,
    args: ArgsOf<P>,
    options: CallOptions = {},
  ): Promise<ReturnOf<P>> {
    return (await this.#router.call(routeOf(name), args, options.signal)) as ReturnOf<P>;
  }

  /** Calls a procedure whose reply is followed by a stream. Errors: as `call`. */
  async open<P extends StreamProcedureName>(
    name: P,
    args: ArgsOf<P>,
    options: CallOptions = {},
  ): Promise<{ readonly ret: ReturnOf<P>; readonly stream: ClientStream }> {
    const { ret, stream } = await this.#router.open(routeOf(name), args, options.signal);
    return { ret: ret as ReturnOf<P>, stream };
  }

  /** Subscribes to an event. Not one message after the server's consent is missed. Errors: as `call`. */
  async subscribe<E extends EventName>(
    name: E,
    options: SubscribeOptions = {},
  ): Promise<Subscription<E>> {
    const entry = messageRouteOf(name).entry;
    assert('family' in entry, `${name} is not an event`);
    const family = eventFamilies[entry.family];
    const args = { eventID: entry.eventId, [family.filter]: options.object ?? null };
    let subscription: Subscription<E> | undefined;
    await this.#router.call(routeOf(family.register), args, options.signal, (ret) => {
      const { callbackID } = ret as { readonly callbackID: number };
      // Given up in the meantime: nobody would ever read it.
      if (options.signal?.aborted) this.#deregister(entry, callbackID).catch(() => undefined);
      else subscription = this.#addSubscription(name, entry, callbackID, options.limit);
    });
    assert(subscription !== undefined, 'a reply was seen by nobody');
    return subscription;
  }

  /** Pings the server while the connection is silent. Only when the server can (feature 10). */
  startKeepalive(options: KeepaliveOptions): void {
    this.#link.startKeepalive(options);
  }

  /** Takes leave of the server and ends the connection. Never fails. */
  async close(options: CallOptions = {}): Promise<void> {
    try {
      await this.call('CONNECT_CLOSE', {}, options);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    } finally {
      this.#link.end();
    }
  }

  /** Ends the connection at once. */
  end(fault?: Fault): void {
    this.#link.end(fault);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ signal: AbortSignal.timeout(2000) });
  }

  #addSubscription<E extends EventName>(
    name: E,
    entry: EventMessage,
    callbackId: number,
    limit = defaultEventLimit,
  ): Subscription<E> {
    const key = keyOf(name, callbackId);
    const subscription = new Subscription<E>(name, limit, async (signal) => {
      this.#subscriptions.delete(key);
      if (!this.#link.ended) await this.#deregister(entry, callbackId, signal);
    });
    this.#subscriptions.set(key, subscription);
    return subscription;
  }

  async #deregister(entry: EventMessage, callbackID: number, signal?: AbortSignal): Promise<void> {
    const name: ProcedureName = eventFamilies[entry.family].deregister;
    await this.#router.call(routeOf(name), { callbackID }, signal);
  }

  #takeMessage(route: MessageRoute, fields: unknown): void {
    if (!('family' in route.entry)) {
      this.#onMessage?.(route.name, fields);
      return;
    }
    const { callbackID } = fields as { readonly callbackID: number };
    const key = keyOf(route.name, callbackID);
    const subscription = this.#subscriptions.get(key);
    if (subscription === undefined || subscription.take(fields as FieldsOf<EventName>)) return;
    this.#subscriptions.delete(key);
    this.#deregister(route.entry, callbackID).catch(() => undefined);
  }
}

/** Callback ids are unique within a family only, and a family is known by the event's name. */
function keyOf(name: string, callbackId: number): string {
  return `${name}/${callbackId}`;
}
