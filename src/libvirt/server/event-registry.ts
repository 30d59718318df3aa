/** The subscriptions of one connection: callback ids, and which messages go to which of them. */
import { assert, Fault } from '#lib';
import type { EventFamily } from '../procedures/entry.ts';
import { eventFamilies } from '../procedures/event-family.ts';
import {
  messageNames,
  messageRouteOf,
  type EventName,
  type FieldsOf,
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
  #nextId = 0;

  get size(): number {
    return this.#registered.size;
  }

  /** Handles the procedure if it is one of a family's pair; undefined when it is not. */
  dispatch(
    procedure: ProcedureName,
    args: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> | undefined {
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

/** The object that an event is about: beside the callback id, or inside the wrapped message. */
function objectOf(
  family: EventFamily,
  fields: Readonly<Record<string, unknown>>,
): string | undefined {
  const inner = fields['msg'];
  const holder = typeof inner === 'object' && inner !== null ? inner : fields;
  return identityOf((holder as Readonly<Record<string, unknown>>)[eventFamilies[family].filter]);
}

/** UUIDs where objects have them, else names. */
function identityOf(handle: unknown): string | undefined {
  if (typeof handle !== 'object' || handle === null) return undefined;
  const { uuid, name } = handle as { readonly uuid?: unknown; readonly name?: unknown };
  if (typeof uuid === 'string') return uuid.toLowerCase();
  return typeof name === 'string' ? name : undefined;
}
