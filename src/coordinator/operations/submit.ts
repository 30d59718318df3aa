/**
 * How an operation comes to be: stored with its lock and with what belongs to its beginning, in one
 * commit. Where the thing has another operation, that one is overtaken or this one refused (policy.ts).
 */
import { Fault, faultToData, isFault, isoTime, type FaultData } from '#lib';
import type { Coordinator } from '../context.ts';
import type { OperationDocument } from '../documents.ts';
import type { Commit } from '../store/store.ts';
import { chargeVm, noCharge } from './charge.ts';
import { endOperation, isFinished, isGoingBack } from './document.ts';
import type { OperationKind } from './kind.ts';
import { lockHolder, takeLock } from './lock.ts';
import { isExclusive, mayOvertake } from './policy.ts';

const maxAttempts = 20;

export type SubmitContext = Pick<Coordinator, 'commit' | 'inventory' | 'clock'>;

/** Whether it has begun a step after which there is no way back. */
export function isPastReturn(
  kind: Pick<OperationKind<never>, 'steps'> | undefined,
  operation: OperationDocument,
): boolean {
  return (
    operation.state !== 'pending' &&
    (kind?.steps.some((step, index) => step.way === 'no-way-back' && index <= operation.at) ??
      false)
  );
}

/** The operation as it looks when it is cancelled: at its end if it has not begun, else on its way back. */
export function cancelled(
  operation: OperationDocument,
  fault: FaultData,
  time: string,
): OperationDocument {
  const told = { ...operation, fault: operation.fault ?? fault };
  return operation.state === 'pending'
    ? endOperation(told, 'cancelled', time)
    : { ...told, state: 'cancelling' };
}

export interface NewOperation {
  readonly id: string;
  readonly operation: OperationDocument;
  /** What belongs to its beginning. */
  readonly along: Commit;
  readonly kindOf: (action: string) => Pick<OperationKind<never>, 'steps'> | undefined;
  /** Told of the operation that will be overtaken, before the commit. */
  readonly onOvertake: (otherId: string) => void;
}

/** Errors: `refused` naming the operation that has the thing; `blocked` by quotas; those of the commit. */
export async function storeOperation(context: SubmitContext, made: NewOperation): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const lock = locksFor(context, made);
    const { along, id, operation } = made;
    const { charge, makes, target } = operation;
    const taken =
      charge === undefined ? noCharge : chargeVm(context.inventory, charge, (makes ?? target).name);
    try {
      await context.commit({
        conditions: [
          { kind: 'operation', id, absent: true },
          ...(along.conditions ?? []),
          ...lock.conditions,
          ...taken.conditions,
        ],
        writes: [
          { kind: 'operation', id, data: operation },
          ...(along.writes ?? []),
          ...lock.writes,
          ...taken.writes,
        ],
        events: along.events ?? [],
      });
      return;
    } catch (error) {
      const lost = isFault(error, 'stale') || isFault(error, 'exists');
      // Somebody was faster with the lock, or took something of the quota: look again.
      const ours = lost && ['lock', 'operation', 'charge'].includes(String(error.facts['kind']));
      if (!ours || attempt >= maxAttempts) throw error;
    }
  }
}

type LockPart = Required<Pick<Commit, 'conditions' | 'writes'>>;

function locksFor(context: SubmitContext, made: NewOperation): LockPart {
  const { makes } = made.operation;
  const own = lockForTarget(context, made);
  if (makes === undefined) return own;
  const more = takeLock(context.inventory, makes, made.id, undefined);
  return {
    conditions: [...own.conditions, ...more.conditions],
    writes: [...own.writes, ...more.writes],
  };
}

function lockForTarget(context: SubmitContext, made: NewOperation): LockPart {
  const { inventory, clock } = context;
  const { id, operation } = made;
  const { target, action } = operation;
  if (!isExclusive(target.kind)) return { conditions: [], writes: [] };
  const otherId = lockHolder(inventory, target);
  const other =
    otherId === undefined
      ? undefined
      : inventory.document<OperationDocument>('operation', otherId)?.data;
  if (otherId === undefined || other === undefined || isFinished(other))
    return takeLock(inventory, target, id, undefined);
  if (!mayOvertake(action, other.action) || isPastReturn(made.kindOf(other.action), other))
    throw busy(otherId, other);
  made.onOvertake(otherId);
  const lock = takeLock(inventory, target, id, otherId);
  if (isGoingBack(other)) return lock;
  const fault = faultToData(
    new Fault('cancelled', `${other.action} of ${target.name} was overtaken by ${action}`, {
      facts: { by: id },
    }),
  );
  const data = cancelled(other, fault, isoTime(clock.now()));
  return { ...lock, writes: [...lock.writes, { kind: 'operation', id: otherId, data }] };
}

function busy(otherId: string, { action, target, state }: OperationDocument): Fault {
  return new Fault('refused', `${target.kind} ${target.name} is busy: ${action} is ${state}`, {
    facts: { operation: otherId, action, state },
    hint: `wait for it with: gantry operation wait ${otherId}`,
  });
}
