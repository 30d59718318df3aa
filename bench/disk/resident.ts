/**
 * The disk commands in a program that runs already, as an agent runs them: a child of the bench that is told a command line,
 * does it, and answers with what it took. What it would print is written nowhere.
 */
import { performance } from 'node:perf_hooks';
import { loadCommands } from '../../src/cli/commands/load.ts';
import { findInstallation, surroundings } from '../../src/cli/installation.ts';
import { findCommand, parseWords } from '../../src/cli/parse.ts';
import type { Writer } from '../../src/cli/output/writer.ts';
import { Fault } from '#lib';

/** Seconds by the clock, and of processor time of all threads. */
export interface ResidentSpent {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const nowhere = (): void => undefined;
const out: Writer = {
  line: nowhere,
  yaml: nowhere,
  note: nowhere,
  hint: nowhere,
  typed: (text) => text,
  status: nowhere,
  page: nowhere,
  bytes: nowhere,
  colour: false,
  interactive: false,
  width: 80,
};

async function run(argv: readonly string[]): Promise<void> {
  const { commands } = await loadCommands(argv);
  const found = findCommand(commands, argv);
  if (found === undefined) throw new Fault('invalid', `no command: ${argv.join(' ')}`);
  const { command, args, options } = parseWords(found.command, found.rest);
  const code = await command.run({
    args,
    options: options as never,
    installation: findInstallation({ data: undefined, server: undefined }, surroundings()),
    get client(): never {
      throw new Fault('invalid', 'commands on disk files ask no coordinator');
    },
    out,
    format: options['output'] === 'json' ? 'json' : 'table',
    wait: true,
    dryRun: false,
    yes: true,
    signal: AbortSignal.timeout(600_000),
  });
  if (code !== undefined && code !== 0)
    throw new Fault('internal', `${argv.join(' ')} ended with ${code}`);
}

process.on('message', (argv: readonly string[]) => {
  const started = performance.now();
  const before = process.cpuUsage();
  void run(argv).then(
    () => {
      const { user, system } = process.cpuUsage(before);
      const seconds = (performance.now() - started) / 1000;
      process.send?.({ seconds, cpuSeconds: (user + system) / 1e6 } satisfies ResidentSpent);
    },
    (error: unknown) => {
      process.stderr.write(
        `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      process.exit(1);
    },
  );
});
