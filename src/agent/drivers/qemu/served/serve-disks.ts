/**
 * The process that serves disks of one vm to its QEMU: `serve-disks SOCKET PLAN`. It outlives the agent, as QEMU does.
 *
 * It begins with the rights of the agent, takes those of the vm's account, and opens the disks only then: no byte of a
 * file is looked at before. It says `ready` when it listens, or why it does not, and ends when the last connection of
 * QEMU does: what QEMU had written is in the files then.
 */
import { existsSync } from 'node:fs';
import { claimDisk, hostStore, openDisk, type Disk } from '#disk';
import { describeFault, Fault, faultToData, systemClock, toFault } from '#lib';
import { NbdServer } from '#nbd';
import { servedPlanSchema, type ServedPlan } from './served-plan.ts';

/** For QEMU to come for the first time, and again after this process was started anew. */
const firstClientMs = 60_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function takeAccount({ account }: ServedPlan): void {
  if (account === undefined) return;
  process.setgroups?.([...account.groups]);
  process.setgid?.(account.gid);
  process.setuid?.(account.uid);
}

async function openAll(
  { disks, folders }: ServedPlan,
  stack: AsyncDisposableStack,
): Promise<Map<string, Disk>> {
  const store = hostStore(folders.filter((folder) => existsSync(folder)));
  const exports = new Map<string, Disk>();
  for (const { name, path, format, access } of disks) {
    const disk = stack.use(await openDisk({ path, format, access, store }));
    if (access === 'write' && !disk.isWritable) {
      throw new Fault('unsupported', `${path}: disks of this kind of ${format} are only read`, {
        hint: 'attach it read-only, or attach a copy of it: gantry vm attach-disk --import',
      });
    }
    await claimDisk(disk, 'serve');
    exports.set(name, disk);
  }
  return exports;
}

async function serveDisks(socketPath: string, plan: ServedPlan): Promise<void> {
  takeAccount(plan);
  await using stack = new AsyncDisposableStack();
  const exports = await openAll(plan, stack);
  const ended = Promise.withResolvers<void>();
  const options = {
    exports,
    onFault: (fault: Fault) => void process.stderr.write(`${describeFault(fault)}\n`),
    onIdle: () => ended.resolve(),
  };
  const server = stack.use(await NbdServer.listen({ socketPath }, options));
  process.once('SIGTERM', () => ended.resolve());
  say('ready');
  const lonely = new AbortController();
  void systemClock.sleep(firstClientMs, lonely.signal).then(
    () => (server.clientCount === 0 ? ended.resolve() : undefined),
    () => undefined,
  );
  await ended.promise;
  lonely.abort();
}

const [socketPath = '', plan = ''] = process.argv.slice(2);
// The agent that started it may be gone: what it would have read is nobody's then.
process.stdout.on('error', () => undefined);
try {
  await serveDisks(socketPath, servedPlanSchema.parse(JSON.parse(plan)));
} catch (error) {
  say(JSON.stringify(faultToData(toFault(error))));
  process.stderr.write(`${describeFault(error)}\n`);
  process.exitCode = 1;
}
