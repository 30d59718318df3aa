/** The coordinator. `--help` says how it is started. */
import { createLog } from '#log';
import { collectWhenQuiet, describeFault, Fault } from '#lib';
import { parseOptions, usage } from './options.ts';
import { startCoordinator } from './program.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(usage);
    return;
  }
  const log = createLog('coordinator', options.logLevel);
  const told = new Promise<string>((resolve) => {
    process.once('SIGINT', () => resolve('SIGINT'));
    // Whoever else stops it may say so, too: it ends in order all the same.
    process.on('SIGTERM', () => resolve('SIGTERM'));
  });
  await using running = await startCoordinator(options, log);
  using _collects = collectWhenQuiet();
  const signal = await Promise.race([told, running.failed]);
  log.info({ signal }, 'the coordinator stops');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`coordinator: ${describeFault(error)}\n`);
  if (error instanceof Fault && error.hint !== undefined)
    process.stderr.write(`hint: ${error.hint}\n`);
  process.exitCode = 1;
}
