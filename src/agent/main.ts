/** The agent. `--help` says how it is started. */
import { realpathSync } from 'node:fs';
import { createLog } from '#log';
import { collectWhenQuiet, describeFault, Fault } from '#lib';
import { leaveHost } from './leave-host.ts';
import { parseOptions, usage } from './options.ts';
import { runAgent } from './program.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(usage);
    return;
  }
  // Accounts of vms pass through folders of the agent: whoever starts it may have a narrower mask.
  process.umask(0o022);
  const controller = new AbortController();
  const end = (name: NodeJS.Signals): void =>
    controller.abort(new Fault('cancelled', `told to end by ${name}`));
  process.once('SIGINT', end);
  // Whoever else stops it may say so, too: it ends in order all the same.
  process.on('SIGTERM', end);
  using _collects = collectWhenQuiet();
  const program = realpathSync(process.argv[1] ?? '');
  const log = createLog('agent', options.logLevel);
  if (options.work === 'leave') await leaveHost(options, log);
  else await runAgent(options, program, log, controller.signal);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`agent: ${describeFault(error)}\n`);
  if (error instanceof Fault && error.hint !== undefined) {
    process.stderr.write(`hint: ${error.hint}\n`);
  }
  process.exitCode = 1;
}
