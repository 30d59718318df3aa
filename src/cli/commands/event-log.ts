/** The event log itself: what may stand in it, and how it is cleared. */
import { command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { parseMoment } from '../moment.ts';
import { counted } from '../output/human.ts';
import { writeList } from '../output/render.ts';

export const eventLogCommands = [
  command({
    name: 'event catalogue',
    summary: 'every event there is, with its number and what it tells',
    examples: ['gantry event catalogue', 'gantry event catalogue -o json'],
    async run({ client, out, format, signal }) {
      const { items } = await client.call('event.catalogue', {}, signal);
      writeList(
        out,
        format,
        [
          { title: 'NAME', value: ({ name }) => name },
          { title: 'NUMBER', value: ({ number }) => String(number), align: 'right' },
          { title: 'TYPE', value: ({ type }) => type },
          { title: 'CATEGORY', value: ({ category }) => category },
          { title: 'MESSAGE', value: ({ message }) => message, wraps: true },
          {
            title: 'ATTRIBUTES',
            value: ({ attributes }) => Object.keys(attributes).join(' '),
            wide: true,
          },
        ],
        items,
        'no events',
      );
    },
  }),
  command({
    name: 'event clear',
    summary: 'clear the event log up to a time, which leaves an event about it',
    options: {
      before: { type: 'text', value: 'TIME', meaning: 'events before this time go; default: now' },
    },
    examples: ['gantry event clear --before -30d', 'gantry event clear --before -30d --dry-run'],
    async run(run) {
      const { client, options, out, dryRun, signal } = run;
      const before = parseMoment('before', options.before ?? 'now', Date.now());
      if (!dryRun) await confirm(run, `All events before ${before} are deleted. Go on?`);
      const { count } = await client.call('event.clear', { body: { before } }, signal);
      out.line(
        `${counted(count, 'event')} ${dryRun ? 'would be' : count === 1 ? 'was' : 'were'} cleared`,
      );
    },
  }),
];
