/** Commands on the settings of a vm. */
import { parseAssignments } from '../assignments.ts';
import { command } from '../command.ts';
import { writeList } from '../output/render.ts';
import { finish, tellPlan } from '../progress.ts';
import { describeValue, listSettings, explainRefusal } from '../settings.ts';

export const settingsCommands = [
  command({
    name: 'vm settings',
    summary: 'all settings of a vm with their values, and what each takes',
    args: [
      { name: 'vm', meaning: 'name or id', completes: 'vm' },
      { name: 'word', meaning: 'only paths with this word', optional: true },
    ],
    examples: ['gantry vm settings web-1', 'gantry vm settings web-1 memory -o wide'],
    async run({ client, args, out, format, signal }) {
      const [vm = '', word = ''] = args;
      const { definition } = await client.call('vm.show', { params: { vm } }, signal);
      const settings = listSettings(definition).filter(({ path }) =>
        path.toLowerCase().includes(word.toLowerCase()),
      );
      writeList(
        out,
        format,
        [
          { title: 'SETTING', value: ({ path }) => path },
          { title: 'VALUE', value: ({ path, value }) => describeValue(path, value) },
          { title: 'TAKES', value: ({ takes }) => takes },
          { title: 'MEANING', value: ({ meaning }) => meaning, wide: true },
        ],
        settings,
        `no setting has "${word}" in its path`,
      );
    },
  }),
  command({
    name: 'vm set',
    aliases: ['vm update'],
    summary: 'change settings',
    args: [
      { name: 'vm', meaning: 'name or id', completes: 'vm' },
      { name: 'path=value', meaning: 'settings', rest: true },
    ],
    examples: [
      'gantry vm set web-1 hardware.memory.sizeBytes=2G settings.shutdown.onHostStop=shutdown',
      'gantry vm set web-1 tags=[web,prod]',
    ],
    async run(run) {
      const { args, client, out, dryRun, signal } = run;
      const [vm = '', ...assignments] = args;
      const refuse = (error: unknown): never => {
        throw explainRefusal(error, assignments);
      };
      const change = { params: { vm }, body: parseAssignments(assignments) };
      if (dryRun) {
        tellPlan(out, await client.dryRun('vm.update', change, signal).catch(refuse));
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
