/**
 * The process that serves disks of one vm to its QEMU: `serve-disks SOCKET TOLD PLAN`. It outlives the agent, as QEMU does.
 *
 * It begins with the rights of the agent, takes those of the vm's account, and opens the disks only then: no byte of a
 * file is looked at before. It says `ready` when it listens, or why it does not, and ends when the last connection of
 * QEMU does: what QEMU had written is in the files then. Where it is killed, what it had answered is in its journals, for the
 * next one. At the socket TOLD it is told another plan, one line a
 * connection, and answers when that holds, or why it does not.
 */
import { describeFault, type Fault, faultToData, systemClock, toFault } from '#lib';
import { NbdServer } from '#nbd';
import { ServedDisks } from './served-disks.ts';
import { servedPlanSchema, type ServedPlan } from './served-plan.ts';
import { listenForPlans } from './told-plans.ts';

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

async function serveDisks(socketPath: string, toldPath: string, plan: ServedPlan): Promise<void> {
  takeAccount(plan);
  await using stack = new AsyncDisposableStack();
  const disks = stack.use(new ServedDisks(socketPath));
  await disks.become(plan);
  const ended = Promise.withResolvers<void>();
  const options = {
    exports: disks.exports,
    onFault: (fault: Fault) => void process.stderr.write(`${describeFault(fault)}\n`),
    onIdle: () => ended.resolve(),
  };
  const server = stack.use(await NbdServer.listen({ socketPath }, options));
  stack.use(await listenForPlans(toldPath, (told) => disks.become(told)));
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

const [socketPath = '', toldPath = '', plan = ''] = process.argv.slice(2);
// The agent that started it may be gone: what it would have read is nobody's then.
process.stdout.on('error', () => undefined);
try {
  await serveDisks(socketPath, toldPath, servedPlanSchema.parse(JSON.parse(plan)));
} catch (error) {
  say(JSON.stringify(faultToData(toFault(error))));
  process.stderr.write(`${describeFault(error)}\n`);
  process.exitCode = 1;
}
