/** The people at the consoles of a vm: who is there, who may type, handing over and ending. */
import { Fault } from '#lib';
import { consoleNames, type ConsoleName, type ConsoleParticipant, type ConsoleSession } from '#api';
import { command, type Run } from '../command.ts';
import { localTime } from '../output/human.ts';
import { writeList } from '../output/render.ts';
import type { Column } from '../output/table.ts';

interface Row extends ConsoleParticipant {
  readonly console: ConsoleName;
  readonly state: 'here' | 'waits';
}

const columns: readonly Column<Row>[] = [
  { title: 'CONSOLE', value: ({ console }) => console },
  { title: 'PERSON', value: ({ person }) => person },
  { title: 'ADDRESS', value: ({ address }) => address ?? '-' },
  { title: 'SINCE', value: ({ since }) => localTime(since) },
  { title: 'ACCESS', value: ({ access, state }) => (state === 'waits' ? 'waits' : access) },
  { title: 'ID', value: ({ id }) => id },
];

const vmArgument = { name: 'vm', meaning: 'name or id', completes: 'vm' } as const;
const consoleArgument = { name: 'console', meaning: consoleNames.join(', ') } as const;
const participantArgument = { name: 'participant', meaning: 'name of the person, or id' } as const;

function rowsOf(sessions: readonly ConsoleSession[]): readonly Row[] {
  return sessions.flatMap(({ console, participants, waiting }) => [
    ...participants.map((one) => ({ ...one, console, state: 'here' as const })),
    ...waiting.map((one) => ({ ...one, console, state: 'waits' as const })),
  ]);
}

function readConsole(text: string | undefined): ConsoleName {
  const found = consoleNames.find((name) => name === text);
  if (found !== undefined) return found;
  throw new Fault('invalid', `there is no console ${text ?? ''}`, {
    hint: `choose from: ${consoleNames.join(', ')}`,
  });
}

/** The one that the arguments name. Errors: `not-found`; `invalid` for a person who is there twice. */
async function findParticipant({
  client,
  args,
  signal,
}: Pick<Run, 'client' | 'args' | 'signal'>): Promise<{
  readonly vm: string;
  readonly console: ConsoleName;
  readonly participant: string;
}> {
  const [vm = '', , named = ''] = args;
  const console = readConsole(args[1]);
  const { items } = await client.call('vm.console.list', { params: { vm } }, signal);
  const found = rowsOf(items).filter(
    (row) => row.console === console && (row.id === named || row.person === named),
  );
  const [one] = found;
  if (one === undefined)
    throw new Fault('not-found', `${named} is not at ${console} of ${vm}`, {
      hint: `look at: gantry vm participant list ${vm}`,
    });
  if (found.length > 1)
    throw new Fault('invalid', `${named} is at ${console} of ${vm} ${found.length} times`, {
      hint: 'name one by its id',
    });
  return { vm, console, participant: one.id };
}

export const participantCommands = [
  command({
    name: 'vm participant list',
    summary: 'who is at the screen and serial ports of a vm',
    args: [vmArgument],
    examples: ['gantry vm participant list hello'],
    async run({ client, args, out, format, signal }) {
      const [vm = ''] = args;
      const { items } = await client.call('vm.console.list', { params: { vm } }, signal);
      if (format === 'table' || format === 'wide')
        writeList(out, format, columns, rowsOf(items), `nobody is at the consoles of ${vm}`);
      else writeList(out, format, [], items, '');
    },
  }),
  command({
    name: 'vm participant set',
    summary: 'let a participant type and point, or only look',
    args: [
      vmArgument,
      consoleArgument,
      participantArgument,
      { name: 'access', meaning: 'control or view-only' },
    ],
    examples: ['gantry vm participant set hello screen ada view-only'],
    async run(run) {
      const params = await findParticipant(run);
      const access = run.args[3] === 'control' ? 'control' : 'view-only';
      if (run.args[3] !== access)
        throw new Fault('invalid', `${run.args[3] ?? ''} is neither control nor view-only`);
      await run.client.call('vm.console.change', { params, body: { access } }, run.signal);
    },
  }),
  command({
    name: 'vm participant hand-over',
    summary: 'hand keyboard and mouse over, which you have at the console now',
    args: [vmArgument, consoleArgument, participantArgument],
    examples: ['gantry vm participant hand-over hello screen ada'],
    async run(run) {
      const params = await findParticipant(run);
      await run.client.call('vm.console.hand-over', { params }, run.signal);
    },
  }),
  command({
    name: 'vm participant take-back',
    summary: 'take keyboard and mouse back that you have handed over',
    args: [vmArgument, consoleArgument],
    examples: ['gantry vm participant take-back hello screen'],
    async run({ client, args, signal }) {
      const [vm = ''] = args;
      const params = { vm, console: readConsole(args[1]) };
      await client.call('vm.console.take-back', { params }, signal);
    },
  }),
  command({
    name: 'vm participant end',
    summary: "end a participant's connection, after a warning",
    args: [vmArgument, consoleArgument, participantArgument],
    options: {
      grace: { type: 'number', value: 'SECONDS', meaning: 'how long before (default 10)' },
    },
    examples: ['gantry vm participant end hello screen ada --grace 0'],
    async run(run) {
      const params = await findParticipant(run);
      const query = { graceSeconds: run.options.grace ?? 10 };
      await run.client.call('vm.console.end', { params, query }, run.signal);
    },
  }),
];
