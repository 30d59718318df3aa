/** Events of the category Security (EVT-75): by whose hand, from where, on what. */
import type { EventAttributes, EventName, Thing } from '#api';
import { installationThing } from '../app/things.ts';
import type { Caller } from '../context.ts';
import type { NewEvent } from '../store/store.ts';

type SecurityEventName = Extract<EventName, `security.${string}`>;

const maxValueLength = 1000;

export function securityEvent<N extends SecurityEventName>(
  caller: Pick<Caller, 'actor' | 'origin' | 'correlationId'>,
  name: N,
  target: Thing,
  attributes: EventAttributes<N>,
): NewEvent {
  return {
    name,
    target: { ...target, name: target.name.slice(0, 256) },
    ancestors: target.kind === 'installation' ? [] : [installationThing],
    actor: caller.actor,
    origin: caller.origin,
    correlationId: caller.correlationId,
    attributes,
  };
}

export function userThing(id: string, name: string): Thing {
  return { kind: 'user', id, name };
}

/** A list or text as the value of an attribute. */
export function attributeText(value: readonly string[] | string): string {
  const text = typeof value === 'string' ? value : value.join(', ');
  return text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text;
}
