/**
 * The running vms as they are now, again after each change: read once, then kept up by the watch. What
 * comes within a moment is told together, so that a fleet whose samples arrive one by one is one picture.
 */
import { Fault, systemClock } from '#lib';
import type { Client, StreamMessage, Vm, WatchMessage } from '#api';
import { collect } from './lists.ts';

const gatherMs = 500;
const runningOnly = { limit: undefined, query: { filter: 'state = running', limit: 500 } };

/** Until the signal aborts. Errors: `unavailable` when the watch ends. */
export async function* watchRunningVms(
  client: Client,
  outer: AbortSignal,
): AsyncGenerator<readonly Vm[]> {
  const over = new AbortController();
  const signal = AbortSignal.any([outer, over.signal]);
  const vms = new Map<string, Vm>();
  try {
    const watch = client.stream('watch.open', { kinds: 'vm', samples: true }, signal);
    const take = async (): Promise<void> => {
      const { done, value } = await watch.next();
      if (done) throw new Fault('unavailable', 'the coordinator ended the watch');
      if (isAnew(value)) {
        vms.clear();
        for (const vm of await collect({ client, signal }, 'vm.list', runningOnly))
          vms.set(vm.id, vm);
      } else note(vms, value as unknown as WatchMessage);
    };
    const taken = (): Promise<'taken'> => take().then(() => 'taken');
    for (let next = taken(), due: Promise<'due'> | undefined; ;) {
      // What is left behind by an end has its error told where it is waited for, or nowhere.
      next.catch(() => undefined);
      if ((await Promise.race(due ? [next, due] : [next])) === 'taken') {
        next = taken();
        due ??= systemClock.sleep(gatherMs, signal).then(() => 'due');
        due.catch(() => undefined);
      } else {
        due = undefined;
        yield [...vms.values()];
      }
    }
  } finally {
    over.abort();
  }
}

/** All is to be read: the watch has begun, or cannot tell what was missed. */
function isAnew({ event }: StreamMessage): boolean {
  return event === 'ready' || event === 'reset';
}

function note(vms: Map<string, Vm>, { event, data }: WatchMessage): void {
  if (event === 'deleted') vms.delete(data.id);
  if (event === 'changed') {
    const vm = data.resource as Vm;
    if (vm.state === 'running') vms.set(vm.id, vm);
    else vms.delete(vm.id);
  }
  if (event === 'sampled' && data.kind === 'vm') {
    const vm = vms.get(data.id);
    if (vm) vms.set(vm.id, { ...vm, state: data.state, status: data.status });
  }
}
