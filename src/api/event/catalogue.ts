/**
 * The event catalogue (EVT-12): every event there is, with number, category, severity, target, attributes and
 * message. An event that is not here cannot be written. In a message `{target}` is the target's name, `{x}` the
 * attribute x. A new event stands with those of its thing (catalogue/) and takes the next number of them
 * (golden/event-numbers.json keeps what was given).
 */
import { assert } from '#lib';
import { consoleEvents } from './catalogue/console.ts';
import { coordinatorEvents } from './catalogue/coordinator.ts';
import { hostEvents } from './catalogue/host.ts';
import { inventoryEvents } from './catalogue/inventory.ts';
import { networkEvents } from './catalogue/network.ts';
import { securityEvents } from './catalogue/security.ts';
import { vmEvents } from './catalogue/vm.ts';
import { vmIncidents } from './catalogue/vm-incidents.ts';
import type { EventFacts } from './catalogue/facts.ts';
import type { Attribute, Severity } from './event.ts';

export const eventCatalogue = {
  ...vmEvents,
  ...vmIncidents,
  ...hostEvents,
  ...coordinatorEvents,
  ...networkEvents,
  ...inventoryEvents,
  ...consoleEvents,
  ...securityEvents,
} as const satisfies Record<string, EventFacts>;

export type EventName = keyof typeof eventCatalogue;

/** The attributes of one event, each present. */
export type EventAttributes<N extends EventName> = {
  readonly [A in keyof (typeof eventCatalogue)[N]['attributes']]: Attribute;
};

const facts: Readonly<Record<EventName, EventFacts>> = eventCatalogue;

export function eventFacts(name: EventName): EventFacts {
  return facts[name];
}

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(eventCatalogue, name);
}

/** How grave an event with these attributes is. */
export function severityOf(
  name: EventName,
  attributes: Readonly<Record<string, Attribute>>,
): Severity {
  const { type, typeWhere } = facts[name];
  return typeWhere !== undefined && attributes[typeWhere.attribute] === typeWhere.value
    ? typeWhere.type
    : type;
}

/** The sentence of an event; null is written "(no value)" (EVT-15, EVT-16). */
export function writeMessage(
  name: EventName,
  targetName: string,
  attributes: Readonly<Record<string, Attribute>>,
): string {
  const text = facts[name].message.replaceAll(/\{(\w+)\}/g, (_, key: string) => {
    if (key === 'target') return targetName;
    assert(Object.hasOwn(attributes, key), `event ${name} lacks the attribute ${key}`);
    const value = attributes[key];
    return value === null || value === undefined || value === '' ? '(no value)' : String(value);
  });
  return text.slice(0, 2000);
}
