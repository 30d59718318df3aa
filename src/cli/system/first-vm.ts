/** The first vm: the starter appliance, created and started, followed until its guest agent answers. */
import type { Client, Vm } from '#api';
import { Fault, isFault, withDeadline } from '#lib';
import type { Run } from '../command.ts';
import { follow } from '../progress.ts';

export const firstVmName = 'hello';
const answerLimitMs = 180_000;

async function findOrUndefined<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (isFault(error, 'not-found')) return undefined;
    throw error;
  }
}

async function ensureStarter(
  { out, signal }: Pick<Run, 'out' | 'signal'>,
  client: Client,
  host: string,
): Promise<void> {
  if (
    (await findOrUndefined(client.call('image.show', { params: { image: 'starter' } }, signal))) !==
    undefined
  )
    return;
  out.note("making the starter appliance from this distribution's packages (once)");
  await follow(
    client,
    out,
    await client.call('image.build', { body: { recipe: 'starter', host } }, signal),
    signal,
  );
}

async function ensureVm(
  run: Pick<Run, 'out' | 'signal'>,
  client: Client,
  host: string,
): Promise<Vm> {
  const { out, signal } = run;
  const found = await findOrUndefined(
    client.call('vm.show', { params: { vm: firstVmName } }, signal),
  );
  if (found !== undefined) return found;
  await ensureStarter(run, client, host);
  out.note(`creating and starting the vm ${firstVmName}`);
  const started = await client.call(
    'vm.create',
    {
      body: {
        name: firstVmName,
        host,
        guestOs: 'gantry-starter',
        memoryBytes: 256 * 1024 * 1024,
        disk: { kind: 'image', image: 'starter' },
        forwards: [{ protocol: 'tcp', hostPort: 0, guestPort: 80 }],
        start: true,
      },
    },
    signal,
  );
  await follow(client, out, started, signal);
  return client.call('vm.show', { params: { vm: firstVmName } }, signal);
}

/** Whether its guest agent answers and it has an address. */
export function answers(vm: Vm): boolean {
  return vm.status.additions.state === 'running' && (vm.status.guest?.addresses.length ?? 0) > 0;
}

async function untilAnswers(client: Client, vm: Vm, outer: AbortSignal): Promise<Vm> {
  return withDeadline(`the guest agent of ${vm.name}`, answerLimitMs, outer, async (signal) => {
    const changes = new AbortController();
    try {
      const watch = client.stream(
        'watch.open',
        { kinds: 'vm', samples: true },
        AbortSignal.any([signal, changes.signal]),
      );
      for (let next = watch.next(); ; next = watch.next()) {
        next.catch(() => undefined);
        const now = await client.call('vm.show', { params: { vm: vm.id } }, signal);
        if (answers(now)) return now;
        if (now.state !== 'running')
          throw new Fault(
            'refused',
            `${now.name} is ${now.state}: ${now.status.lastFault?.message ?? 'it was stopped'}`,
            { hint: `gantry event list --about ${now.id}` },
          );
        if ((await next).done) throw new Fault('unavailable', 'the coordinator ended the watch');
      }
    } finally {
      changes.abort();
    }
  });
}

/** Makes sure that the first vm is there; one that was stopped by somebody stays stopped. */
export async function ensureFirstVm(
  run: Pick<Run, 'out' | 'signal'>,
  client: Client,
  host: string,
): Promise<Vm> {
  const vm = await ensureVm(run, client, host);
  if (vm.state !== 'running' || answers(vm)) return vm;
  run.out.note(`waiting for the guest of ${vm.name}`);
  return untilAnswers(client, vm, run.signal);
}
