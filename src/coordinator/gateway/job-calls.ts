/** What is being done to a domain: its job is the operation of Gantry that has the vm. */
import { finishedStates, type Operation } from '#api';
import {
  intParam,
  libvirtFault,
  uhyperParam,
  type DomainHandle,
  type Handlers,
  type TypedParam,
} from '#libvirt';
import { seesOperation } from '../app/visibility.ts';
import type { OperationDocument } from '../documents.ts';
import { lockHolder } from '../operations/lock.ts';
import { notNow, requireActive, type Connection } from './connection.ts';

type Calls = Pick<
  Handlers,
  'DOMAIN_GET_JOB_INFO' | 'DOMAIN_GET_JOB_STATS' | 'DOMAIN_ABORT_JOB' | 'DOMAIN_ABORT_JOB_FLAGS'
>;

/** virDomainJobType: whether it is known how long it still takes. */
const none = 0;
const bounded = 1;
const unbounded = 2;
/** VIR_DOMAIN_JOB_STATS_COMPLETED: of the last one, which nobody keeps here. */
const ofCompleted = 1;

/** virDomainJobOperation. */
const others = 0;
const operations: Readonly<Record<string, number>> = {
  'vm.turn-on': 1,
  'vm.hold': 1,
  'vm.save': 2,
  'vm.restore': 3,
  'vm.migrate': 5,
  'vm.migrate-live': 5,
  'vm.snapshot.take': 6,
  'vm.snapshot.revert': 7,
  'vm.snapshot.delete': 10,
};

/** How much there is to be done, and how much is done, no operation tells in bytes. */
const uncounted = {
  dataTotal: 0n,
  dataProcessed: 0n,
  dataRemaining: 0n,
  memTotal: 0n,
  memProcessed: 0n,
  memRemaining: 0n,
  fileTotal: 0n,
  fileProcessed: 0n,
  fileRemaining: 0n,
};

export function jobCalls(connection: Connection): Calls {
  const { coordinator, caller, desk } = connection.parts;
  const { clock } = coordinator;
  const elapsedMs = ({ startedAt, createdAt }: Operation): bigint =>
    BigInt(Math.max(0, Math.round(clock.now() - Date.parse(startedAt ?? createdAt))));
  /** By how much is done in the time until now. */
  const timeOf = (
    job: Operation,
  ): { readonly type: number; readonly timeElapsed: bigint; readonly timeRemaining: bigint } => {
    const timeElapsed = elapsedMs(job);
    const progress = partDone(job);
    if (progress === null) return { type: unbounded, timeElapsed, timeRemaining: 0n };
    const left = Math.round((Number(timeElapsed) * (1 - progress)) / progress);
    return { type: bounded, timeElapsed, timeRemaining: BigInt(left) };
  };
  const abort = async (dom: DomainHandle, signal: AbortSignal): Promise<Record<string, never>> => {
    const job = jobOf(connection, dom);
    if (job === undefined) {
      requireActive(connection.find(dom.uuid));
      throw notNow('no job is active on the domain');
    }
    await desk.ask(caller, 'operation.cancel', { params: { operation: job.id } }, signal);
    return {};
  };
  return {
    DOMAIN_GET_JOB_INFO: ({ dom }) => {
      const job = jobOf(connection, dom);
      if (job !== undefined) return { ...timeOf(job), ...uncounted };
      return { type: none, timeElapsed: 0n, timeRemaining: 0n, ...uncounted };
    },
    DOMAIN_GET_JOB_STATS: ({ dom, flags }) => {
      const job = jobOf(connection, dom);
      if (job === undefined || (flags & ofCompleted) !== 0) return { type: none, params: [] };
      const { type, timeElapsed, timeRemaining } = timeOf(job);
      const params: TypedParam[] = [
        intParam('operation', operations[job.action] ?? others),
        uhyperParam('time_elapsed', timeElapsed),
        ...(type === bounded ? [uhyperParam('time_remaining', timeRemaining)] : []),
      ];
      return { type, params };
    },
    DOMAIN_ABORT_JOB: ({ dom }, { signal }) => abort(dom, signal),
    DOMAIN_ABORT_JOB_FLAGS: ({ dom, flags }, { signal }) => {
      if (flags !== 0) throw libvirtFault('ARGUMENT_UNSUPPORTED', 'a job is cancelled as a whole');
      return abort(dom, signal);
    },
  };
}

/** What has the vm. Undefined also where this user does not see it. */
export function jobOf(connection: Connection, { uuid }: DomainHandle): Operation | undefined {
  const { coordinator, caller } = connection.parts;
  const { inventory } = coordinator;
  const { id, name } = connection.find(uuid);
  const operationId = lockHolder(inventory, { kind: 'vm', id, name }) ?? '';
  const held = inventory.document<OperationDocument>('operation', operationId);
  if (held === undefined || !seesOperation(caller, held.data)) return undefined;
  const operation = inventory.operation(operationId);
  return operation && finishedStates.includes(operation.state) ? undefined : operation;
}

/** The part of the step that is under way, if it counts: of a move that is the copying, which is what takes long. Null: not known. */
export function partDone({ steps }: Operation): number | null {
  const progress = steps.find(({ state }) => state === 'running')?.progress ?? null;
  return progress === 0 ? null : progress;
}
