/** What is waited for when a member runs, before the next one is started (GRP-62). */
import { doAdditionsAnswer, type TeamWait, type Vm } from '#api';
import type { Work } from '../work.ts';

/** Counted from the member's own end, so that a coordinator that comes back does not begin anew. Answers why the member has failed. */
export async function waitAfter(
  work: Work,
  member: { readonly vm: string; readonly name: string },
  wait: TeamWait,
  endedAt: string,
): Promise<string | undefined> {
  const { clock } = work.coordinator;
  const endedMs = Date.parse(endedAt);
  switch (wait.for) {
    case 'nothing':
      return undefined;
    case 'time': {
      const leftMs = endedMs + wait.seconds * 1000 - clock.now();
      work.tell(null, `${wait.seconds} s after ${member.name}`);
      if (leftMs > 0) await clock.sleep(leftMs, work.signal);
      return undefined;
    }
    case 'additions': {
      const { timeoutSeconds } = wait;
      work.tell(null, `until the guest additions in ${member.name} answer`);
      const leftMs = endedMs + timeoutSeconds * 1000 - clock.now();
      const vm = await lookUntil(work, member.vm, isSettled, leftMs);
      if (vm === undefined) return 'it is gone';
      if (vm.state !== 'running') return `it is ${vm.state} before its guest additions answered`;
      return doAdditionsAnswer(vm.status.additions.state)
        ? undefined
        : `its guest additions did not answer within ${timeoutSeconds} s`;
    }
  }
}

/** Whether there is nothing more to wait for. */
function isSettled(vm: Vm | undefined): boolean {
  return vm === undefined || vm.state !== 'running' || doAdditionsAnswer(vm.status.additions.state);
}

/** The vm when it is so, or as it is when the time is over. Errors: why the signal aborts. */
async function lookUntil(
  { coordinator: { inventory, clock }, signal }: Work,
  id: string,
  isSo: (vm: Vm | undefined) => boolean,
  limitMs: number,
): Promise<Vm | undefined> {
  const found = Promise.withResolvers<void>();
  const look = (): void => {
    if (isSo(inventory.vm(id))) found.resolve();
  };
  const over = new AbortController();
  const stop = inventory.onChange(look);
  try {
    look();
    const either = AbortSignal.any([signal, over.signal]);
    const late = clock.sleep(Math.max(0, limitMs), either).catch(() => undefined);
    await Promise.race([found.promise, late]);
  } finally {
    stop();
    over.abort();
  }
  signal.throwIfAborted();
  return inventory.vm(id);
}
