/** Recordings of screens and serial ports: begun, stopped, listed, fetched, deleted. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Fault, formatBytes } from '#lib';
import type { Recording } from '#api';
import { command } from '../command.ts';
import { localTime } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import type { Column } from '../output/table.ts';

const vmArgument = { name: 'vm', meaning: 'name or id', completes: 'vm' } as const;
const recordingArgument = { name: 'recording', meaning: 'id' } as const;
const exampleId = '0198c0de-1111-4222-8333-123456789abc';

const columns: readonly Column<Recording>[] = [
  { title: 'CONSOLE', value: ({ console }) => console },
  { title: 'BY', value: ({ by }) => by },
  { title: 'BEGAN', value: ({ startedAt }) => localTime(startedAt) },
  { title: 'STATE', value: ({ state, why }) => (why === null ? state : `${state}: ${why}`) },
  { title: 'SIZE', value: ({ sizeBytes }) => formatBytes(sizeBytes), align: 'right' },
  { title: 'ID', value: ({ id }) => id },
];

export const recordingCommands = [
  command({
    name: 'vm recording start',
    summary: 'record what a serial port or the screen shows; everybody at it is told',
    args: [vmArgument],
    options: {
      port: { type: 'number', value: 'NUMBER', meaning: 'serial port 1 (default) or 2' },
      screen: { type: 'flag', meaning: 'the screen, not a serial port' },
    },
    examples: ['gantry vm recording start hello', 'gantry vm recording start hello --screen'],
    async run({ client, args, options, out, format, signal }) {
      const [vm = ''] = args;
      if (options.screen && options.port !== undefined)
        throw new Fault('invalid', 'a recording is of the screen or of a serial port', {
          hint: 'give --screen or --port',
        });
      const console = options.screen ? 'screen' : options.port === 2 ? 'serial2' : 'serial1';
      const body = { console } as const;
      const made = await client.call('vm.recording.start', { params: { vm }, body }, signal);
      writeThing(out, format, made, [['recording', made.id]]);
    },
  }),
  command({
    name: 'vm recording stop',
    summary: 'stop a recording',
    args: [vmArgument, recordingArgument],
    examples: [`gantry vm recording stop hello ${exampleId}`],
    async run({ client, args, signal }) {
      const [vm = '', recording = ''] = args;
      await client.call('vm.recording.stop', { params: { vm, recording } }, signal);
    },
  }),
  command({
    name: 'vm recording list',
    summary: 'the recordings of the screen and the serial ports of a vm',
    args: [vmArgument],
    examples: ['gantry vm recording list hello'],
    async run({ client, args, out, format, signal }) {
      const [vm = ''] = args;
      const { items } = await client.call('vm.recording.list', { params: { vm } }, signal);
      writeList(out, format, columns, items, `there is no recording of ${vm}`);
    },
  }),
  command({
    name: 'vm recording get',
    summary:
      'fetch a recording: of a serial port as asciicast v2, as asciinema plays it; of the screen as FBS 001.000',
    args: [
      vmArgument,
      recordingArgument,
      { name: 'file', meaning: 'where to write it; - is standard output', completes: 'file' },
    ],
    examples: [`gantry vm recording get hello ${exampleId} hello.cast`],
    async run({ client, args, out, signal }) {
      const [vm = '', recording = '', file = '-'] = args;
      const params = { vm, recording };
      const content = await client.read('vm.recording.file', { params }, signal);
      if (file === '-') for await (const bytes of content) out.bytes(bytes);
      else {
        await pipeline(content, createWriteStream(file));
        out.note(`${file} written`);
      }
    },
  }),
  command({
    name: 'vm recording delete',
    summary: 'delete a recording',
    args: [vmArgument, recordingArgument],
    examples: [`gantry vm recording delete hello ${exampleId}`],
    async run({ client, args, signal }) {
      const [vm = '', recording = ''] = args;
      await client.call('vm.recording.delete', { params: { vm, recording } }, signal);
    },
  }),
];
