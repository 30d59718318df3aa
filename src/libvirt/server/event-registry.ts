/**
 * The subscriptions of one connection: callback ids, and which messages go to which of them. Clients from before there
 * were such ids ask for a kind of domain events as a whole, and are told in messages without an id.
 */
import { assert, Fault } from '#lib';
import type { EventFamily } from '../procedures/entry.ts';
import { eventFamilies } from '../procedures/event-family.ts';
import {
  messageNames,
  messageRouteOf,
  type EventName,
  type FieldsOf,
  type MessageName,
  type MessageRoute,
  type ProcedureName,
} from '../procedures/table.ts';
import { encodeFrame, frameStatus, frameTypes, protocolVersion } from '../wire/frame.ts';
import { libvirtFault } from '../wire/remote-error.ts';

const maxSubscriptions = 1024;

interface Registered {
  readonly family: EventFamily;
  readonly eventId: number;
  /** The identity of the one object that is listened to; undefined for all. */
  readonly object: string | undefined;
}

/** The event as a handler tells it: the callback id is added for each subscription. */
export type EventFields<E extends EventName> = Omit<FieldsOf<E>, 'callbackID'>;

export class EventRegistry {
  readonly #registered = new Map<number, Registered>();
  /** Kinds of domain events that are told without an id. */
  readonly #plain = new Set<number>();
  #nextId = 0;

  get size(): number {
    return this.#registered.size + this.#plain.size;
  }

  /** Handles the procedure if it is one of a pair; undefined when it is not. */
  dispatch(
    procedure: ProcedureName,
    args: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> | undefined {
    const plain = plainProcedures[procedure];
    if (plain !== undefined) {
      const eventId = Number(args['eventID'] ?? lifecycle);
      if (plain === 'register') this.#registerPlain(eventId);
      else this.#deregisterPlain(eventId);
      return { cb_registered: plain === 'register' ? 1 : 0 };
    }
    const pair = pairs.get(procedure);
    if (pair === undefined) return undefined;
    const { family, what } = pair;
    if (what === 'register') {
      return { callbackID: this.#register(family, Number(args['eventID']), args) };
    }
    this.#deregister(family, Number(args['callbackID']));
    return {};
  }

  /** The frames of an event, one for each subscription that it concerns. */
  *frames<E extends EventName>(name: E, fields: EventFields<E>): Generator<Buffer> {
    const route = messageRouteOf(name);
    const { entry } = route;
    assert('family' in entry, `${name} is not an event`);
    let object: string | undefined;
    for (const [callbackID, one] of this.#registered) {
      if (one.family !== entry.family || one.eventId !== entry.eventId) continue;
      if (one.object !== undefined) {
        object ??= objectOf(entry.family, fields);
        if (one.object !== object) continue;
      }
      yield encodeEvent(route, { ...fields, callbackID });
    }
    const plain = plainRoutes.get(name);
    const inner = innerOf(fields);
    if (plain !== undefined && inner !== undefined && this.#plain.has(entry.eventId))
      yield encodeEvent(plain, inner);
  }

  #registerPlain(eventId: number): void {
    if (!plainIds.has(eventId))
      throw libvirtFault('INVALID_ARG', `there is no domain event ${eventId} without callback ids`);
    this.#plain.add(eventId);
  }

  #deregisterPlain(eventId: number): void {
    if (!this.#plain.delete(eventId))
      throw libvirtFault('INVALID_ARG', `there is no subscription to domain event ${eventId}`);
  }

  #register(family: EventFamily, eventId: number, args: Readonly<Record<string, unknown>>): number {
    if (!eventIds.has(`${family}/${eventId}`)) {
      throw libvirtFault('INVALID_ARG', `there is no ${family} event ${eventId}`);
    }
    if (this.#registered.size >= maxSubscriptions) {
      throw new Fault('exhausted', `one connection may have ${maxSubscriptions} subscriptions`);
    }
    const handle = args[eventFamilies[family].filter];
    const id = this.#nextId;
    this.#nextId += 1;
    const object = handle === null ? undefined : identityOf(handle);
    this.#registered.set(id, { family, eventId, object });
    return id;
  }

  #deregister(family: EventFamily, id: number): void {
    if (this.#registered.get(id)?.family !== family) {
      throw libvirtFault('INVALID_ARG', `there is no ${family} subscription ${id}`);
    }
    this.#registered.delete(id);
  }
}

interface Pair {
  readonly family: EventFamily;
  readonly what: 'register' | 'deregister';
}

const families = Object.entries(eventFamilies) as [
  EventFamily,
  (typeof eventFamilies)[EventFamily],
][];
const pairs: ReadonlyMap<ProcedureName, Pair> = new Map(
  families.flatMap(([family, facts]): [ProcedureName, Pair][] => [
    [facts.register, { family, what: 'register' }],
    [facts.deregister, { family, what: 'deregister' }],
  ]),
);
/** Those without callback ids; the first two are about the life cycle alone. */
const plainProcedures: Partial<Readonly<Record<ProcedureName, Pair['what']>>> = {
  CONNECT_DOMAIN_EVENT_REGISTER: 'register',
  CONNECT_DOMAIN_EVENT_DEREGISTER: 'deregister',
  CONNECT_DOMAIN_EVENT_REGISTER_ANY: 'register',
  CONNECT_DOMAIN_EVENT_DEREGISTER_ANY: 'deregister',
};
/** VIR_DOMAIN_EVENT_ID_LIFECYCLE. */
const lifecycle = 0;
/** The messages that say the same without an id; events that came later have none. */
const plainRoutes: ReadonlyMap<MessageName, MessageRoute> = new Map(
  messageNames.flatMap((name): [MessageName, MessageRoute][] => {
    const plain = messageNames.find((one) => one === name.replace('_CALLBACK_', '_'));
    return plain === undefined || plain === name ? [] : [[name, messageRouteOf(plain)]];
  }),
);
const plainIds: ReadonlySet<number> = new Set(
  [...plainRoutes.keys()].flatMap((name) => {
    const { entry } = messageRouteOf(name);
    return 'family' in entry && entry.family === 'domain' ? [entry.eventId] : [];
  }),
);
const eventIds: ReadonlySet<string> = new Set(
  messageNames.flatMap((name) => {
    const { entry } = messageRouteOf(name);
    return 'family' in entry ? [`${entry.family}/${entry.eventId}`] : [];
  }),
);

function encodeEvent(route: MessageRoute, fields: Readonly<Record<string, unknown>>): Buffer {
  return encodeFrame(
    {
      program: route.program,
      version: protocolVersion,
      procedure: route.entry.number,
      type: frameTypes.message,
      serial: 0,
      status: frameStatus.ok,
    },
    route.fields,
    fields,
  );
}

/** The wrapped message. */
function innerOf(
  fields: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const inner = fields['msg'];
  return typeof inner === 'object' && inner !== null
    ? (inner as Readonly<Record<string, unknown>>)
    : undefined;
}

/** The object that an event is about: beside the callback id, or inside the wrapped message. */
function objectOf(
  family: EventFamily,
  fields: Readonly<Record<string, unknown>>,
): string | undefined {
  return identityOf((innerOf(fields) ?? fields)[eventFamilies[family].filter]);
}

/** UUIDs where objects have them, else names. */
function identityOf(handle: unknown): string | undefined {
  if (typeof handle !== 'object' || handle === null) return undefined;
  const { uuid, name } = handle as { readonly uuid?: unknown; readonly name?: unknown };
  if (typeof uuid === 'string') return uuid.toLowerCase();
  return typeof name === 'string' ? name : undefined;
}
