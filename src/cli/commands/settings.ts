/** Commands on the settings of a vm. */
import { Fault, isFault, miB } from '#lib';
import { coversVm, type Grant, type Vm } from '#api';
import { parseAssignments } from '../assignments.ts';
import { command, type Run, type Values } from '../command.ts';
import { collect } from '../lists.ts';
import { writeList } from '../output/render.ts';
import { finish, tellWarnings } from '../progress.ts';
import { describeValue, listSettings, explainRefusal } from '../settings.ts';

/** Those that cover the vm; null: this caller may not see them. */
async function readGrants(run: Run, vm: Vm): Promise<readonly Grant[] | null> {
  try {
    const grants = await collect(run, 'grant.list', { limit: undefined, query: { limit: 1000 } });
    return grants.filter((grant) => coversVm(grant, vm));
  } catch (error) {
    if (isFault(error, 'forbidden')) return null;
    throw error;
  }
}

/** What is most often given to a vm, by the names that `vm create` has for it. */
export const sizeOptions = {
  memory: {
    type: 'size',
    least: miB,
    short: 'm',
    value: 'SIZE',
    meaning: 'memory, for example 1G',
  },
  processors: { type: 'number', short: 'c', value: 'COUNT', meaning: 'virtual processors' },
} as const;

function assignSizes({ memory, processors }: Values<typeof sizeOptions>): readonly string[] {
  return [
    ...(memory === undefined ? [] : [`hardware.memory.sizeBytes=${memory}`]),
    ...(processors === undefined ? [] : [`hardware.processor.count=${processors}`]),
  ];
}

export const settingsCommands = [
  command({
    name: 'vm settings',
    summary:
      'the configuration of a vm in its groups: every setting with its value, and what it takes',
    args: [
      { name: 'vm', meaning: 'name or id', completes: 'vm' },
      { name: 'word', meaning: 'only paths and groups with this word', optional: true },
    ],
    examples: ['gantry vm settings web-1', 'gantry vm settings web-1 memory -o wide'],
    async run(run) {
      const { client, args, out, format, signal } = run;
      const [name = '', word = ''] = args;
      const vm = await client.call('vm.show', { params: { vm: name } }, signal);
      const settings = listSettings(vm.definition, await readGrants(run, vm)).filter(
        ({ group, path }) => `${group ?? ''} ${path}`.toLowerCase().includes(word.toLowerCase()),
      );
      writeList(
        out,
        format,
        [
          { title: 'GROUP', value: ({ group }) => group ?? '-', wraps: true },
          { title: 'SETTING', value: ({ path }) => path },
          { title: 'VALUE', value: ({ path, value }) => describeValue(path, value), wraps: true },
          { title: 'TAKES', value: ({ takes }) => takes, wraps: true },
          { title: 'MEANING', value: ({ meaning }) => meaning, wide: true },
        ],
        settings,
        `no setting has "${word}" in its path or its group`,
      );
    },
  }),
  command({
    name: 'vm set',
    aliases: ['vm update'],
    summary: 'change settings',
    args: [
      { name: 'vm', meaning: 'name or id', completes: 'vm' },
      { name: 'path=value', meaning: 'settings', rest: true, optional: true },
    ],
    options: sizeOptions,
    examples: [
      'gantry vm set web-1 -m 2G -c 2',
      'gantry vm set web-1 settings.shutdown.onHostStop=shutdown tags=[web,prod]',
    ],
    async run(run) {
      const { args, options, client, out, dryRun, signal } = run;
      const [vm = '', ...words] = args;
      const assignments = [...assignSizes(options), ...words];
      if (assignments.length === 0)
        throw new Fault('invalid', 'nothing to change was given', {
          hint: `gantry vm settings ${vm} lists what can be set`,
        });
      const refuse = (error: unknown): never => {
        throw explainRefusal(error, assignments);
      };
      const change = { params: { vm }, body: parseAssignments(assignments) };
      if (dryRun) {
        tellWarnings(out, await client.dryRun('vm.update', change, signal).catch(refuse));
        return out.line('the settings would be accepted');
      }
      const started = await client.call('vm.update', change, signal).catch(refuse);
      const ended = await finish(run, started, () => `vm ${vm} was changed`);
      const pending = ended.result?.['atNextStart'];
      if (Array.isArray(pending) && pending.length > 0) {
        out.note(`at the next start: ${pending.join(', ')}`);
        out.hint(`gantry vm restart ${vm}`);
      }
    },
  }),
] as const;
