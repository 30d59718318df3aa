/** What happened, in words of the console, by the event's name and attributes (src/api/event/catalogue.ts). */
import { vmActions, type Attribute, type Event, type VmAction } from '#api';
import type { EventWords } from './en-events.ts';
import { createPhraseBook, type SayPhrase } from './phrases.ts';
import type { Words } from './words.ts';

export type ToldEvent = Pick<Event, 'name' | 'target' | 'attributes' | 'message'>;

/** What others have said, in whatever words: a fault, the evidence of a warning. */
const free: ReadonlySet<string> = new Set([
  'reason',
  'cause',
  'warning',
  'evidence',
  'what',
  'parts',
]);
const actionsByLabel: ReadonlyMap<string, VmAction> = new Map(
  (Object.keys(vmActions) as VmAction[]).map((action) => [vmActions[action].label, action]),
);

/** The message as it came where the language has no sentence for it, or the event lacks what stands in that. */
export function createEventText(
  { events }: { readonly events: EventWords },
  words: () => Words,
): (event: ToldEvent) => string {
  const books: Readonly<Record<string, SayPhrase>> = Object.fromEntries(
    Object.entries(events.values).map(([name, table]) => [name, createPhraseBook(table)]),
  );
  const sayText = (name: string, text: string): string => {
    const say = Object.hasOwn(books, name) ? books[name] : undefined;
    // A list is said part by part.
    const parts = text.split(', ').map((part) => say?.(part));
    if (parts.every((part) => part !== undefined)) return parts.join(', ');
    const known = say?.(text);
    if (known !== undefined) return known;
    return free.has(name) ? words().told(text) : text;
  };
  const sayValue = (name: string, value: Attribute): string => {
    const own = words();
    const { language } = own;
    if (value === null || value === '') return language.events.noValue;
    if (typeof value === 'number')
      return name.endsWith('Bytes') ? own.bytes(value) : own.number(value);
    const text = String(value);
    if (isTime(name, text)) return own.time(text);
    if (name.endsWith('Status'))
      return (
        (language.hostStatuses as Readonly<Record<string, string>>)[text] ?? sayText(name, text)
      );
    return sayText(name, text);
  };
  const sayOperation = (event: string, text: string): string => {
    const action = actionsByLabel.get(text);
    if (action !== undefined) return words().action(action);
    if (event.startsWith('host.disk.')) return words().operation(`host.disk.${text}`);
    return sayText('operation', text);
  };
  return ({ name, target, attributes, message }) => {
    const sentence = Object.hasOwn(events.sentences, name) ? events.sentences[name] : undefined;
    if (sentence === undefined) return message;
    const places = Array.from(sentence.matchAll(/\{(\w+)\}/g), ([, place = '']) => place);
    if (!places.every((place) => place === 'target' || Object.hasOwn(attributes, place)))
      return message;
    return sentence.replaceAll(/\{(\w+)\}/g, (_, place: string) => {
      if (place === 'target') return sayText('target', target.name);
      const value = attributes[place] ?? null;
      return place === 'operation' && typeof value === 'string'
        ? sayOperation(name, value)
        : sayValue(place, value);
    });
  };
}

function isTime(name: string, text: string): boolean {
  return (name.endsWith('At') || name === 'before') && !Number.isNaN(Date.parse(text));
}
