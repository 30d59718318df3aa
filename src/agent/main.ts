/** The agent. `--help` says how it is started. */
import { createLog } from '#log';
import { collectWhenQuiet, describeFault, Fault } from '#lib';
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
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => controller.abort(new Fault('cancelled', `told to end by ${name}`)));
  }
  using _collects = collectWhenQuiet();
  await runAgent(options, createLog('agent', options.logLevel), controller.signal);
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
