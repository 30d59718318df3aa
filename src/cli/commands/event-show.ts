/** One event with all that is known of it (EVT-57). */
import type { Event } from '#api';
import { Fault } from '#lib';
import { command, type Command } from '../command.ts';
import { localTime } from '../output/human.ts';
import { writeThing } from '../output/render.ts';

/** As `event list` numbers them. */
function parseNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new Fault('invalid', `"${text.slice(0, 40)}" is not the number of an event`, {
    hint: 'numbers are in the column SEQ of: gantry event list -o wide',
  });
}

function describe(event: Event): readonly (readonly [string, string])[] {
  return [
    ['event', event.message],
    ['name', event.name],
    ['number', String(event.seq)],
    ['time', localTime(event.time)],
    ['type', event.type],
    ['category', event.category],
    ['about', `${event.target.kind} ${event.target.name} (${event.target.id})`],
    ...event.ancestors.map(({ kind, name }) => ['in', `${kind} ${name}`] as const),
    ['by', `${event.actor.kind} ${event.actor.name}`],
    ['from', event.origin ?? '(no value)'],
    ['belongs to', event.correlationId ?? '(no value)'],
    ...Object.entries(event.attributes).map(
      ([name, value]) => [name, String(value ?? '(no value)')] as const,
    ),
  ];
}

export const eventShow: Command = command({
  name: 'event show',
  summary: 'show an event with all its details',
  args: [{ name: 'number', meaning: 'its number in the log' }],
  examples: ['gantry event show 4711', 'gantry event show 4711 -o json'],
  async run({ client, args, out, format, signal }) {
    const seq = parseNumber(args[0] ?? '');
    const query = { filter: `seq = ${seq}`, limit: 1 };
    const [event] = (await client.call('event.list', { query }, signal)).items;
    if (event === undefined)
      throw new Fault('not-found', `there is no event ${seq} that you may see`, {
        hint: 'old events go after eventRetentionDays; list those that are there with: gantry event list',
      });
    writeThing(out, format, event, describe(event));
  },
});
