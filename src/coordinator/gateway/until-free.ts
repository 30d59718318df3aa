/**
 * Waiting for another operation that has the vm. libvirt's own drivers let what changes a domain wait for what is already at work
 * on it, and programs rely on that: they see a domain shut off and start it at once, when its shutdown is not yet written down as done.
 */
import type { Clock } from '#lib';
import type { Coordinator } from '../context.ts';
import type { OperationDocument } from '../documents.ts';
import { isFinished } from '../operations/document.ts';
import { lockHolder } from '../operations/lock.ts';
import { mayOvertake } from '../operations/policy.ts';

/** As long as libvirt's drivers wait (VIR_DOMAIN_JOB_WAIT_TIME). */
const patienceMs = 30_000;

export type FreeContext = Pick<Coordinator, 'inventory' | 'operations'> & {
  readonly clock: Pick<Clock, 'now'>;
};

/**
 * Resolves when no operation has the vm, or one that the action overtakes, and when patience ends: what is asked then is refused by
 * the one that has it. Errors: the signal's.
 */
export async function untilFree(
  context: FreeContext,
  vmId: string,
  action: string,
  signal: AbortSignal,
): Promise<void> {
  const { clock, operations } = context;
  const endMs = clock.now() + patienceMs;
  for (;;) {
    const holder = holderOf(context, vmId, action);
    const leftMs = endMs - clock.now();
    if (holder === undefined || leftMs <= 0) return;
    await operations.wait(holder, leftMs, signal);
    signal.throwIfAborted();
  }
}

/** The operation that is in the way. */
function holderOf({ inventory }: FreeContext, vmId: string, action: string): string | undefined {
  const id = lockHolder(inventory, { kind: 'vm', id: vmId, name: '' });
  const holder = id && inventory.document<OperationDocument>('operation', id)?.data;
  if (!holder || isFinished(holder) || mayOvertake(action, holder.action)) return undefined;
  return id;
}
