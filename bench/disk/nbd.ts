/**
 * Disks served over NBD beside qemu-nbd: the same image, the same client (`qemu-img bench`), in turn, warm cache, medians.
 *
 *   node bench/disk/nbd.ts [--folder DIR] [--rounds N]
 *
 * The volume has all that was written before each server begins. Scattered requests go through the image in strides far larger than themselves, which is as near to random as the
 * client goes. A ratio below 1.0: ours takes less time. Each server has done the same work once before it is measured: disks of vms
 * are served for days, and what V8 takes to compile the way of a request is a third of the first 15,000. Processor time is that of the
 * server with all of its threads, from the kernel's ticks.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { randomFillSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { hostStore, makeDisk } from '#disk';
import { kiB, miB } from '#lib';
import { ensureCommands } from '../../src/cli/system/command-build.ts';
import { describeMachine, note, percentile, print } from '../measure.ts';

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: tmpdir() },
    rounds: { type: 'string', default: '5' },
  },
});
const rounds = Number(values.rounds);
const run = promisify(execFile);
const script = join(import.meta.dirname, '../../gantry');
const sizeBytes = 512 * miB;
const stride = 4099 * 4 * kiB;

const formats = [
  { title: 'raw', ours: 'raw', theirs: 'raw' },
  { title: 'VHD dynamic', ours: 'vhd', theirs: 'vpc' },
] as const;

const loads = [
  { title: 'sequential read, 1 MiB', args: ['-s', String(miB)], count: 1500 },
  { title: 'scattered read, 4 KiB', args: ['-s', '4096', '-S', String(stride)], count: 15_000 },
  {
    title: 'scattered write, 4 KiB',
    args: ['-w', '-s', '4096', '-S', String(stride)],
    count: 10_000,
  },
] as const;

interface Spent {
  readonly seconds: number[];
  readonly processor: number[];
}

async function fill(path: string, format: string): Promise<void> {
  const content = randomFillSync(Buffer.alloc(4 * miB));
  await makeDisk({ path, format, sizeBytes, durability: 'memory' }, hostStore(), async (disk) => {
    for (let offset = 0; offset < sizeBytes; offset += content.length)
      await disk.write(content, offset);
  });
}

async function begin(argv: readonly string[], socket: string): Promise<ChildProcess> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: 'ignore' });
  while (!existsSync(socket)) await sleep(10);
  return child;
}

/** Seconds, of all threads. */
function processorSeconds({ pid }: ChildProcess): number {
  const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = after.split(' ');
  // The ticks of Linux that programs are told are hundredths.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Seconds that the client says it took. */
async function measure(
  socket: string,
  load: (typeof loads)[number],
  depth: number,
): Promise<number> {
  const uri = `nbd+unix:///?socket=${socket}`;
  const count = String(load.count);
  const args = ['bench', '-f', 'raw', '-c', count, '-d', String(depth), ...load.args, uri];
  const { stdout } = await run('qemu-img', args);
  const [, seconds] = /Run completed in ([\d.]+) seconds/.exec(stdout) ?? [];
  if (seconds === undefined) throw new Error(stdout);
  return Number(seconds);
}

const folder = await mkdtemp(join(values.folder, 'gb-'));
try {
  await ensureCommands(AbortSignal.timeout(120_000));
  print(`${describeMachine()}\n`);
  print(
    '| disk served over NBD | in flight | qemu-nbd s | Gantry s | ratio | qemu-nbd cpu s | Gantry cpu s |',
  );
  print('|---|--:|--:|--:|--:|--:|--:|');
  for (const { title, ours, theirs } of formats) {
    const path = join(folder, `d.${ours}`);
    await fill(path, ours);
    for (const load of loads) {
      for (const depth of [1, 8]) {
        note(`${title}, ${load.title}, ${depth}`);
        const none = (): Spent => ({ seconds: [], processor: [] });
        const spent = { ours: none(), theirs: none() };
        for (let round = 0; round < rounds; round += 1) {
          const socket = join(folder, `s${round}`);
          const qemu = ['qemu-nbd', '-t', '-f', theirs, '-k', socket, path];
          const gantry = [script, 'disk', 'serve', path, '--socket', socket];
          for (const [argv, by] of [
            [qemu, spent.theirs],
            [[...gantry, '--format', ours, '--writable'], spent.ours],
          ] as const) {
            await rm(socket, { force: true });
            // what the volume is still taking in would be waited for by whoever writes next to it
            await run('sync');
            const server = await begin(argv, socket);
            await measure(socket, load, depth);
            const before = processorSeconds(server);
            by.seconds.push(await measure(socket, load, depth));
            by.processor.push(processorSeconds(server) - before);
            await end(server);
          }
        }
        const [a = 0, b = 0, c = 0, d = 0] = [
          spent.theirs.seconds,
          spent.ours.seconds,
          spent.theirs.processor,
          spent.ours.processor,
        ].map((all) => percentile(all, 0.5));
        const cells = [a, b, b / a, c, d].map((one) => one.toFixed(2)).join(' | ');
        print(`| ${title}, ${load.title} | ${depth} | ${cells} |`);
      }
    }
    await rm(path);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
