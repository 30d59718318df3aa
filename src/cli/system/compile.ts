/**
 * Run as a process of its own, with the options of the programs: loads the files that it is given, each in a
 * thread that is asked for its help, so that Node.js writes their compiled form into NODE_COMPILE_CACHE.
 * A file that wants more than that ends in an error, and is compiled all the same.
 */
import { Worker } from 'node:worker_threads';

for (const file of process.argv.slice(2)) {
  const thread = new Worker(file, { argv: ['--help'], stdout: true, stderr: true });
  const ended = Promise.withResolvers<void>();
  thread.on('error', () => undefined);
  thread.on('exit', () => ended.resolve());
  await ended.promise;
}
