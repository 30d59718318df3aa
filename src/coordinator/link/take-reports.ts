/**
 * Reports of machines become status documents. The was-running memory of a vm (VM-62) is a setting, so a
 * change of it is written into its definition and told as one (VM-63, EVT-17).
 *
 * A report that says nothing new writes nothing. A report about a vm that is not filed under this host is
 * left out: what is found behind our back comes by records (synchronise.ts).
 */
import { isDeepStrictEqual } from 'node:util';
import type { Actor, Cause, MachineReport } from '#api';
import { commitFresh } from '../app/commit-fresh.ts';
import { ancestorsOfPlace, vmThing } from '../app/things.ts';
import type { StatusDocument, VmDocument } from '../documents.ts';
import type { Commit, Condition, NewEvent, Write } from '../store/store.ts';
import type { LinkContext } from './context.ts';
import { keepTimes } from './foreign-record.ts';

const chunk = 500;
const agentActor: Actor = { kind: 'system', name: 'agent' };

/** Commits what is new in the reports, in their order. */
export async function takeReports(
  context: LinkContext,
  hostId: string,
  reports: readonly MachineReport[],
  causeOf: (vmId: string) => Cause | undefined,
): Promise<void> {
  for (let at = 0; at < reports.length; at += chunk) {
    const part = reports.slice(at, at + chunk);
    await commitFresh(context, () => commitOf(context, hostId, part, causeOf));
  }
}

function commitOf(
  context: LinkContext,
  hostId: string,
  reports: readonly MachineReport[],
  causeOf: (vmId: string) => Cause | undefined,
): Commit | undefined {
  // Of several reports about one vm the last one counts.
  const last = new Map(reports.map((report) => [report.id, report]));
  const conditions: Condition[] = [];
  const writes: Write[] = [];
  const events: NewEvent[] = [];
  for (const told of last.values()) {
    const vm = context.inventory.document<VmDocument>('vm', told.id);
    if (vm === undefined || vm.data.hostId !== hostId) continue;
    const known = context.inventory.document<StatusDocument>('status', told.id)?.data.report;
    const report = keepTimes(known, told);
    if (known === undefined || !isDeepStrictEqual(known, report)) {
      writes.push({ kind: 'status', id: report.id, data: { report } satisfies StatusDocument });
    }
    const changed = followReport(vm.data, report);
    if (changed === undefined) continue;
    conditions.push({ kind: 'vm', id: report.id, version: vm.version });
    writes.push({ kind: 'vm', id: report.id, data: changed });
    const before = vm.data.definition.settings.shutdown.quit.wasRunning;
    if (before !== report.wasRunning) {
      const cause = causeOf(report.id);
      events.push({
        name: 'vm.setting.changed',
        target: vmThing(report.id, vm.data),
        ancestors: ancestorsOfPlace(context.inventory, vm.data),
        actor: cause?.actor ?? agentActor,
        origin: null,
        correlationId: cause?.correlationId ?? null,
        attributes: {
          path: 'settings/shutdown/quit/was_running',
          oldValue: before,
          newValue: report.wasRunning,
        },
      });
    }
  }
  return writes.length === 0 ? undefined : { conditions, writes, events };
}

/** The vm's document with what the report says of lasting facts; undefined when it says so already. */
export function followReport(vm: VmDocument, report: MachineReport): VmDocument | undefined {
  const { definition } = vm;
  const { shutdown } = definition.settings;
  const generation = Math.max(vm.generation, report.generation);
  if (
    shutdown.quit.wasRunning === report.wasRunning &&
    vm.path === report.path &&
    vm.generation === generation
  )
    return undefined;
  return {
    ...vm,
    path: report.path,
    generation,
    definition: {
      ...definition,
      settings: {
        ...definition.settings,
        shutdown: { ...shutdown, quit: { wasRunning: report.wasRunning } },
      },
    },
  };
}
