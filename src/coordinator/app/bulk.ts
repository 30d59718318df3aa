/**
 * Bulk operations of a host (HOST-27 to HOST-30) and the start and stop of its service (HOST-24). Each vm
 * in the fitting state gets an operation of its own, at most eight at a time; the result lists who was
 * acted on, left out and failed, by name.
 */
import { Fault } from '#lib';
import {
  vmStateFacts,
  type DryRun,
  type HostBulkAction,
  type Operation,
  type PowerAction,
  type VmState,
} from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { Json } from '../store/store.ts';
import { shown } from './find.ts';
import { begunOperation, runOnce } from './run-once.ts';
import { settleHosts } from './settle-hosts.ts';
import { hostThing } from './things.ts';
import { followed, stepNames, type Kind, type Step, type Work } from './work.ts';
import { causeOf } from './vm/common-steps.ts';
import { requireAction } from './vm/judge.ts';

const atOnce = 8;

type BulkOnVms = Exclude<HostBulkAction, 'start' | 'stop'>;

const bulkFacts: Readonly<
  Record<BulkOnVms, { readonly action: PowerAction; readonly from: VmState }>
> = {
  'turn-on-all': { action: 'turn-on', from: 'off' },
  'turn-off-all': { action: 'turn-off', from: 'running' },
  'pause-all': { action: 'pause', from: 'running' },
  'resume-all': { action: 'resume', from: 'paused' },
};

/** Whom a bulk operation acts on, and whom it leaves out. */
export interface Chosen {
  readonly fitting: readonly { readonly id: string; readonly name: string }[];
  readonly skipped: readonly Excepted[];
}

/** With whom it would fail is foreseen where each vm of a command answers for itself. */
export interface Forecast extends Chosen {
  readonly failing?: readonly Excepted[];
}

interface Excepted {
  readonly id: string;
  readonly name: string;
  readonly why: string;
}

/** All vms of the host, whether or not the caller sees them (HOST-28), or only those that were named. */
function choose(
  { inventory }: Pick<Coordinator, 'inventory'>,
  hostId: string,
  { from }: { readonly from: VmState },
  only: readonly string[] | undefined,
): Chosen {
  const wanted = only === undefined ? undefined : new Set(only);
  const fitting: { id: string; name: string }[] = [];
  const skipped: { id: string; name: string; why: string }[] = [];
  for (const id of inventory.vmsOfHost(hostId)) {
    const vm = inventory.vm(id);
    if (vm === undefined) continue;
    if (wanted !== undefined && !wanted.has(id) && !wanted.has(vm.name)) continue;
    if (vm.state === from && !(from === 'paused' && vm.status.held))
      fitting.push({ id, name: vm.name });
    else skipped.push({ id, name: vm.name, why: `it is ${vm.status.held ? 'held' : vm.state}` });
  }
  return { fitting, skipped };
}

export async function bulkOnHost(
  coordinator: Coordinator,
  caller: Caller,
  hostId: string,
  action: HostBulkAction,
  only: readonly string[] | undefined,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory, operations } = coordinator;
  const target = hostThing(inventory, hostId);
  const host = shown('host', hostId, inventory.host(hostId));
  if (action === 'start' || action === 'stop') {
    const stopped = host.status === 'service-stopped';
    if (stopped !== (action === 'start'))
      throw new Fault('refused', `the service of host ${host.name} is ${host.status}`, {
        facts: { status: host.status },
      });
    const kind = action === 'start' ? startKind : stopKind;
    if (dryRun)
      return plan(kind, target, action === 'stop' ? stopActions(coordinator, hostId) : []);
    return await operations.submit(caller, { action: kind.action, target, input: {} });
  }
  if (host.status !== 'ready')
    throw new Fault('unavailable', `host ${host.name} is ${host.status}`, {
      hint: `look at it with: gantry host show ${host.name}`,
    });
  const kind = bulkKinds[action];
  if (dryRun) {
    const { fitting, skipped } = choose(coordinator, hostId, bulkFacts[action], only);
    return planBulk(kind, target, bulkFacts[action].action, { fitting, skipped });
  }
  return await operations.submit(caller, {
    action: kind.action,
    target,
    input: only === undefined ? {} : { only },
  });
}

/** What the stop of the service does with the vms that run, whether or not the caller sees them. */
function stopActions({ inventory }: Coordinator, hostId: string): DryRun['warnings'] {
  const lines: { code: string; text: string }[] = [];
  for (const id of inventory.vmsOfHost(hostId)) {
    const vm = inventory.vm(id);
    if (vm === undefined || !vmStateFacts[vm.state].live) continue;
    const { onHostStop } = vm.definition.settings.shutdown;
    lines.push({ code: 'acts-on', text: `${onHostStop} ${vm.name}` });
  }
  return lines;
}

/** What a bulk operation would do: a line for every vm it acts on, leaves out, and would fail with as things are. */
export function planBulk(
  kind: Kind,
  target: DryRun['target'],
  action: string,
  { fitting, skipped, failing = [] }: Forecast,
): DryRun {
  return plan(kind, target, [
    ...fitting.map(({ name }) => ({ code: 'acts-on', text: `${action} ${name}` })),
    ...skipped.map(({ name, why }) => ({ code: 'leaves-out', text: `${name}: ${why}` })),
    ...failing.map(({ name, why }) => ({ code: 'fails', text: `${name}: ${why}` })),
  ]);
}

function plan(kind: Kind, target: DryRun['target'], warnings: DryRun['warnings']): DryRun {
  return {
    dryRun: true,
    action: kind.action,
    target,
    steps: stepNames(kind),
    changes: [],
    warnings,
  };
}

/** The vms are chosen once, so that a repeated run acts on the same ones. */
function chooseStep(bulk: BulkOnVms): Step {
  return {
    name: 'choose',
    async run(work) {
      if (work.memory['chosen'] !== undefined) return;
      const only = work.input['only'] as readonly string[] | undefined;
      await work.coordinator.links.whenSettled(work.target.id, work.signal);
      const chosen = choose(work.coordinator, work.target.id, bulkFacts[bulk], only);
      await work.remember({ chosen: chosen as unknown as Json });
    },
  };
}

/** Acts on all that were chosen, at most eight at a time. */
export function actStep(action: PowerAction): Step {
  return {
    name: 'act',
    // Each vm's operation is its own.
    way: 'stays',
    async run(work) {
      const { fitting, skipped } = work.memory['chosen'] as unknown as Chosen;
      const acted: string[] = [];
      const failed: { vm: string; why: string }[] = [];
      const left = skipped.map(({ name, why }) => ({ vm: name, why }));
      const waiting = [...fitting];
      let done = 0;
      const worker = async (): Promise<void> => {
        for (let vm = waiting.shift(); vm !== undefined; vm = waiting.shift()) {
          work.signal.throwIfAborted();
          const outcome = await actOnOne(work, action, vm);
          if (outcome.how === 'acted') acted.push(vm.name);
          else if (outcome.how === 'skipped') left.push({ vm: vm.name, why: outcome.why });
          else failed.push({ vm: vm.name, why: outcome.why });
          done += 1;
          work.tell(done / fitting.length, `${done} of ${fitting.length}`);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
      await work.conclude({ actedOn: acted.sort(), skipped: left, failed });
    },
  };
}

type Outcome =
  { readonly how: 'acted' } | { readonly how: 'skipped' | 'failed'; readonly why: string };

async function actOnOne(
  work: Work,
  action: PowerAction,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<Outcome> {
  const { inventory } = work.coordinator;
  if (begunOperation(work, id) === undefined) {
    await settleHosts(work, [id]);
    const vm = inventory.vm(id);
    if (vm === undefined) return { how: 'skipped', why: 'it is gone' };
    try {
      const ignored = requireAction(inventory, vm, action);
      if (ignored !== undefined) return { how: 'skipped', why: ignored };
    } catch (error) {
      return { how: 'skipped', why: error instanceof Error ? error.message : 'it cannot be' };
    }
  }
  try {
    const { state, fault } = await runOnce(work, id, {
      action: `vm.${action}`,
      target: { kind: 'vm', id, name },
      input: { request: {} },
    });
    return state === 'done' ? { how: 'acted' } : { how: 'failed', why: fault?.message ?? state };
  } catch (error) {
    // One that is busy or was taken away meanwhile is no reason to leave the others.
    work.signal.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
    return { how: 'failed', why: error.message };
  }
}

function bulkKind(bulk: BulkOnVms): Kind {
  return { action: `host.${bulk}`, steps: [chooseStep(bulk), actStep(bulkFacts[bulk].action)] };
}

const bulkKinds: Readonly<Record<BulkOnVms, Kind>> = {
  'turn-on-all': bulkKind('turn-on-all'),
  'turn-off-all': bulkKind('turn-off-all'),
  'pause-all': bulkKind('pause-all'),
  'resume-all': bulkKind('resume-all'),
};

function serviceKind(action: 'start' | 'stop'): Kind {
  const run = async (work: Work, wanted: boolean): Promise<void> => {
    const { inventory, links } = work.coordinator;
    const { settings } = shown('host', work.target.id, inventory.host(work.target.id));
    await links.call(
      work.target.id,
      'host.service',
      { run: wanted, cause: causeOf(work) },
      followed(work, settings.stopTimeoutSeconds * 1000 + 60_000),
    );
  };
  return {
    action: `host.${action}`,
    steps: [{ name: action, way: 'stays', run: (work) => run(work, action === 'start') }],
  };
}

const startKind = serviceKind('start');
const stopKind = serviceKind('stop');

export const hostKinds: readonly Kind[] = [...Object.values(bulkKinds), startKind, stopKind];
