/** `gantry test`: what CI runs, in CI's order: types, lint, format, every suite with its own count, one line at the end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { command } from '../command.ts';
import { bringNeeds, testNeeds } from '../system/packages.ts';

const runner = fileURLToPath(new URL('../../../tools/check.ts', import.meta.url));

export const testCommands = [
  command({
    name: 'test',
    summary: 'check this source tree as CI does',
    args: [{ name: 'suites', meaning: 'only these suites', optional: true, rest: true }],
    options: {
      nightly: { type: 'flag', meaning: 'with the long suites' },
      'no-install': { type: 'flag', meaning: 'only report what is missing on this machine' },
    },
    examples: ['gantry test', 'gantry test qemu disk', 'gantry test --nightly'],
    async run(run) {
      const { args, options } = run;
      const needs = testNeeds(options.nightly === true ? 'nightly' : 'usual');
      await bringNeeds(run, needs, options['no-install'] === true ? 'report' : 'install');
      const child = spawn(
        process.execPath,
        [runner, ...(options.nightly === true ? ['--nightly'] : []), ...args],
        { stdio: 'inherit' },
      );
      const [code] = (await once(child, 'exit')) as [number | null];
      return code ?? 1;
    },
  }),
];
