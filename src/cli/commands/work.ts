/** Operations and events. */
import { formatBytes, isFault } from '#lib';
import { command } from '../command.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { periodOf, periodOptions } from '../moment.ts';
import { localTime } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import { logCommand } from '../output/tell-fault.ts';
import { plain } from '../output/writer.ts';
import { follow } from '../progress.ts';
import { eventColumns, levelColumn, operationColumns } from './columns.ts';
import { eventExport, expandedOption } from './event-export.ts';
import { eventShow } from './event-show.ts';

const operationArgument = { name: 'operation', meaning: 'id', completes: 'operation' } as const;
const retryMs = 1000;

export const workCommands = [
  command({
    name: 'operation list',
    aliases: ['operation ls'],
    summary: 'list operations, newest first',
    options: listOptions,
    examples: ['gantry operation list', 'gantry operation list --filter "state = failed" -o wide'],
    async run(run) {
      const request = listQuery({ sort: '-createdAt', limit: 50, ...run.options });
      writeList(
        run.out,
        run.format,
        operationColumns,
        await collect(run, 'operation.list', request),
        'no operations',
      );
    },
  }),
  command({
    name: 'operation show',
    summary: 'show an operation with its steps',
    args: [operationArgument],
    examples: ['gantry operation show ID'],
    async run({ client, args, out, format, signal }) {
      const operation = await client.call(
        'operation.show',
        { params: { operation: args[0] ?? '' } },
        signal,
      );
      writeThing(out, format, operation, [
        ['id', operation.id],
        ['action', `${operation.action} ${operation.target.name}`],
        ['state', operation.state],
        ['by', operation.actor],
        ['begun', localTime(operation.startedAt ?? operation.createdAt)],
        ['ended', localTime(operation.endedAt)],
        ...operation.steps.map(
          (step) =>
            [
              `step ${step.name}`,
              `${step.state}${step.note === null ? '' : `, ${step.note}`}`,
            ] as const,
        ),
        ...(operation.fault === null
          ? []
          : [
              ['reason', operation.fault.message] as const,
              ['hint', operation.fault.hint ?? ''] as const,
              ['log', out.typed(logCommand(operation.correlationId))] as const,
            ]),
      ]);
    },
  }),
  command({
    name: 'operation cancel',
    summary: 'cancel an operation; what it did is undone',
    args: [operationArgument],
    examples: ['gantry operation cancel ID'],
    async run({ client, args, out, wait, signal }) {
      const cancelled = await client.call(
        'operation.cancel',
        { params: { operation: args[0] ?? '' } },
        signal,
      );
      const ended = wait ? await client.wait(cancelled, undefined, signal) : cancelled;
      out.line(`operation ${ended.id} is ${ended.state}`);
    },
  }),
  command({
    name: 'operation pace',
    summary:
      'how fast an operation that moves, merges or flattens disks, or moves a vm, may copy, from now on',
    args: [operationArgument],
    options: {
      limit: {
        type: 'size',
        least: 65536,
        value: 'SIZE',
        meaning: "of each disk per second, for example 50M; default: its host's own limit again",
      },
    },
    examples: ['gantry operation pace ID --limit 50M', 'gantry operation pace ID'],
    async run({ client, args, options, out, signal }) {
      const params = { operation: args[0] ?? '' };
      const body = { bytesPerSecond: options.limit ?? null };
      const { bytesPerSecond } = await client.call('operation.pace', { params, body }, signal);
      out.line(
        bytesPerSecond === null
          ? 'it copies as fast as its host lets it'
          : `it copies ${formatBytes(bytesPerSecond)} per second`,
      );
    },
  }),
  command({
    name: 'operation wait',
    summary: 'wait for the end of an operation',
    args: [operationArgument],
    examples: ['gantry operation wait ID'],
    async run({ client, args, out, format, signal }) {
      const operation = await client.call(
        'operation.show',
        { params: { operation: args[0] ?? '' } },
        signal,
      );
      const ended = await follow(client, out, operation, signal);
      writeThing(out, format, ended, [
        ['operation', `${ended.action} ${ended.target.name} is ${ended.state}`],
      ]);
    },
  }),
  command({
    name: 'event list',
    aliases: ['event ls'],
    summary: 'read the event log, newest last',
    options: {
      ...listOptions,
      ...periodOptions,
      about: { type: 'text', value: 'ID', meaning: 'of this thing and all below it' },
      expanded: expandedOption,
    },
    examples: [
      'gantry event list',
      'gantry event list --since -1h --filter "type = error" -o wide',
      'gantry event list -o csv > events.csv',
    ],
    async run(run) {
      const { options } = run;
      const request = listQuery({ limit: 50, ...options });
      const events = await collect(run, 'event.list', {
        limit: request.limit,
        query: {
          ...request.query,
          sort: undefined,
          ...periodOf(options, Date.now()),
          about: options.about,
          expanded: options.expanded,
        },
      });
      const columns = options.expanded === true ? [levelColumn, ...eventColumns] : eventColumns;
      writeList(run.out, run.format, columns, events.toReversed(), 'no events');
    },
  }),
  eventShow,
  eventExport,
  command({
    name: 'event watch',
    summary: 'events as they happen',
    options: { filter: listOptions.filter },
    examples: ['gantry event watch', 'gantry event watch --filter "target.name = hello" -o json'],
    async run({ client, options, out, format, signal }) {
      if (out.interactive) out.note('events are shown as they happen; ctrl-c ends');
      let since: number | undefined;
      while (!signal.aborted) {
        try {
          for await (const event of client.events(options.filter, since, signal)) {
            since = event.seq;
            if (format === 'json') out.line(JSON.stringify(event));
            else
              out.line(
                plain(`${localTime(event.time)}  ${event.type.padEnd(11)}  ${event.message}`),
              );
          }
        } catch (error) {
          if (signal.aborted) return;
          if (!isFault(error, 'unavailable') && !(error instanceof TypeError)) throw error;
          out.note('the server is away; trying again');
          await new Promise((resolve) => {
            setTimeout(resolve, retryMs);
          });
        }
      }
    },
  }),
];
