/** Teams: vms that are started, stopped, suspended and resumed as one object. */
import {
  failurePolicies,
  teamActionNames,
  teamActions,
  vmActionFacts,
  type Operation,
  type Team,
  type TeamAction,
  type TeamCreate,
  type TeamMemberResult,
} from '#api';
import { Fault } from '#lib';
import { command, type Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { wasOrWouldBe } from '../output/human.ts';
import { writeList, writeThing } from '../output/render.ts';
import { plain } from '../output/writer.ts';
import { finish } from '../progress.ts';
import { parseWaits, showWait } from '../team-waits.ts';
import { teamColumns } from './columns.ts';

const teamArgument = { name: 'team', meaning: 'name or id', completes: 'team' } as const;
const vmsArgument = {
  name: 'vm',
  meaning: 'its members, in the order in which they are started',
  completes: 'vm',
  rest: true,
  optional: true,
} as const;

const changeOptions = {
  after: {
    type: 'list',
    value: 'VM=WAIT',
    meaning: 'what is waited for after it: seconds, additions, additions:SECONDS or nothing',
  },
  'on-failure': {
    type: 'text',
    words: failurePolicies,
    value: 'WORD',
    meaning: 'when a member fails: stop (default), continue or roll-back',
  },
  description: { type: 'text', value: 'TEXT', meaning: 'for people' },
} as const;

type Members = TeamCreate['members'];

/** The members in their new order; those that stay keep their wait unless another one is given. */
function arrangeMembers(
  vms: readonly string[],
  waitWords: readonly string[],
  before: Team['members'],
): Members {
  const waits = new Map(parseWaits(waitWords));
  const members = vms.map((vm) => {
    const own = before.find((member) => member.vm === vm || member.name === vm);
    const given = [vm, own?.vm, own?.name].find((name) => name !== undefined && waits.has(name));
    const wait = given === undefined ? undefined : waits.get(given);
    if (given !== undefined) waits.delete(given);
    return { vm, wait: wait ?? own?.wait ?? ({ for: 'nothing' } as const) };
  });
  const [stray] = waits.keys();
  if (stray !== undefined)
    throw new Fault('invalid', `--after names ${stray}, which is not among the members`);
  return members;
}

const verbs: Readonly<Record<TeamAction, string>> = {
  start: 'was started',
  stop: 'was stopped',
  'turn-off': 'is off',
  pause: 'is paused',
  save: 'is saved',
  resume: 'was resumed',
};

/** How it went, a line for every member. */
function memberLines({ result }: Operation): readonly string[] {
  const members = (result?.['members'] ?? []) as unknown as readonly TeamMemberResult[];
  return members.map(({ name, outcome, why }) =>
    plain(`  ${name}: ${outcome}${why === null ? '' : `, ${why}`}`),
  );
}

function actCommand(action: TeamAction): Command {
  const { meaning, order } = teamActions[action];
  return command({
    name: `team ${action}`,
    summary: `${meaning}, ${order === 'forward' ? 'in order' : 'in reverse order'}`,
    args: [teamArgument],
    examples: [`gantry team ${action} lab`],
    async run(run) {
      const { client, out, dryRun, signal } = run;
      const params = { team: run.args[0] ?? '', action };
      if (dryRun) {
        const { warnings } = await client.dryRun('team.act', { params }, signal);
        for (const { text } of warnings) out.line(plain(text));
        return;
      }
      const question = action === 'turn-off' ? vmActionFacts(action).confirm : undefined;
      if (question !== undefined && out.interactive)
        await confirm(run, `all vms of team ${params.team}: ${question}. Go on?`);
      const started = await client.call('team.act', { params }, signal);
      const done = `team ${started.target.name} ${verbs[action]}`;
      try {
        await finish(run, started, (ended) => [done, ...memberLines(ended)].join('\n'));
      } catch (error) {
        if (run.wait && !signal.aborted) {
          const operation = started.id;
          const ended = await client.call('operation.show', { params: { operation } }, signal);
          for (const line of memberLines(ended)) out.note(line);
        }
        throw error;
      }
    },
  });
}

export const teamCommands: readonly Command[] = [
  command({
    name: 'team list',
    aliases: ['team ls'],
    summary: 'list teams',
    options: listOptions,
    examples: ['gantry team list', 'gantry team list -f "state = mixed"'],
    async run(run) {
      const teams = await collect(run, 'team.list', listQuery(run.options));
      writeList(run.out, run.format, teamColumns, teams, 'no teams');
    },
  }),
  command({
    name: 'team show',
    summary: 'show a team with its members',
    args: [teamArgument],
    examples: ['gantry team show lab', 'gantry team show lab -o yaml'],
    async run({ client, args, out, format, signal }) {
      const team = await client.call('team.show', { params: { team: args[0] ?? '' } }, signal);
      writeThing(out, format, team, [
        ['name', team.name],
        ['description', team.description],
        ['state', team.state],
        ['on failure', team.onFailure],
        ...team.members.map(
          ({ name, state, wait }, index) =>
            [
              `member ${index + 1}`,
              `${name}: ${state}; then waits for: ${showWait(wait)}`,
            ] as const,
        ),
      ]);
    },
  }),
  command({
    name: 'team create',
    summary: 'make vms a team that is started and stopped as one',
    args: [{ name: 'name', meaning: 'its name' }, vmsArgument],
    options: changeOptions,
    examples: [
      'gantry team create lab db web cache',
      'gantry team create shop db web --after db=additions --after web=10 --on-failure roll-back',
    ],
    async run({ client, args, options, out, dryRun, signal }) {
      const [name = '', ...vms] = args;
      const body = {
        name,
        members: arrangeMembers(vms, options.after ?? [], []),
        ...(options['on-failure'] === undefined ? {} : { onFailure: options['on-failure'] }),
        ...(options.description === undefined ? {} : { description: options.description }),
      };
      const team = await client.call('team.create', { body }, signal);
      out.line(`team ${team.name} ${wasOrWouldBe({ dryRun })} created`);
      out.hint(`gantry team start ${team.name}`);
    },
  }),
  command({
    name: 'team set',
    summary: 'change a team: its members and their order, waits, name, what happens on failure',
    args: [teamArgument, vmsArgument],
    options: { name: { type: 'text', value: 'NAME', meaning: 'its new name' }, ...changeOptions },
    examples: [
      'gantry team set lab db cache web',
      'gantry team set lab --after db=additions:300 --on-failure continue',
    ],
    async run({ client, args, options, out, dryRun, signal }) {
      const [reference = '', ...vms] = args;
      const params = { team: reference };
      const team = await client.call('team.show', { params }, signal);
      const waits = options.after ?? [];
      const order = vms.length > 0 ? vms : team.members.map(({ vm }) => vm);
      const body = {
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.description === undefined ? {} : { description: options.description }),
        ...(options['on-failure'] === undefined ? {} : { onFailure: options['on-failure'] }),
        ...(vms.length === 0 && waits.length === 0
          ? {}
          : { members: arrangeMembers(order, waits, team.members) }),
      };
      const input = { params, body, ifMatch: team.version };
      const changed = await client.call('team.update', input, signal);
      out.line(`team ${changed.name} ${wasOrWouldBe({ dryRun })} changed`);
    },
  }),
  command({
    name: 'team delete',
    aliases: ['team rm'],
    summary: 'delete a team; its vms stay as they are',
    args: [teamArgument],
    examples: ['gantry team delete lab'],
    async run({ client, args, out, dryRun, signal }) {
      const team = args[0] ?? '';
      await client.call('team.delete', { params: { team } }, signal);
      if (!dryRun) out.line(`team ${team} was deleted; its vms stay`);
    },
  }),
  ...teamActionNames.map(actCommand),
];
