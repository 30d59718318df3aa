/** A script waits for what a vm becomes by itself, or by somebody else. */
import { Fault, withDeadline } from '#lib';
import { vmStates } from '#api';
import { command } from '../command.ts';
import { untilVmIs } from '../wait-vm.ts';

const maxSeconds = 7 * 24 * 3600;

export const waitCommands = [
  command({
    name: 'vm wait',
    summary: 'wait until a vm is in a state, whoever brings it there',
    args: [{ name: 'vm', meaning: 'name or id', completes: 'vm' }],
    options: {
      state: {
        type: 'text',
        words: vmStates,
        value: 'STATE',
        meaning: 'off (default), running, paused, saved or another one',
      },
      timeout: { type: 'number', value: 'SECONDS', meaning: 'at most so long; default: a week' },
    },
    examples: ['gantry vm wait test-1', 'gantry vm wait web-1 --state running --timeout 60'],
    async run({ args, options, client, out, signal }) {
      const [vm = ''] = args;
      const wanted = options.state ?? 'off';
      const seconds = options.timeout ?? maxSeconds;
      if (seconds <= 0 || seconds > maxSeconds)
        throw new Fault('invalid', `a wait lasts from 1 to ${maxSeconds} seconds`);
      const what = `vm ${vm} is not ${wanted}`;
      const found = await withDeadline(what, seconds * 1000, signal, (until) =>
        untilVmIs(client, vm, wanted, until),
      );
      out.line(`vm ${found.name} is ${wanted}`);
    },
  }),
];
