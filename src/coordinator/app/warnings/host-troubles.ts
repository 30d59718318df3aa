/**
 * What is wrong with hosts, each with the remedy: those that cannot work, volumes that fill up under vms (DISK-49), and what
 * their agents have found.
 */
import { lowSpaceRule, thresholdBytes, type Finding, type Host, type HostTrouble } from '#api';
import { formatBytes } from '#lib';
import type { VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { vmThing } from '../things.ts';
import { ofInstallation, type Trouble } from './trouble.ts';

type Known = Pick<Inventory, 'count' | 'document' | 'documents' | 'host' | 'troubles'>;

/** What an agent finds, as it is called where everything is told. */
export const foundChecks: Readonly<
  Record<HostTrouble['kind'], { readonly check: string; readonly result: Finding['result'] }>
> = {
  'no-space': { check: 'space', result: 'error' },
  'invalid-parent': { check: 'parents', result: 'error' },
  'unprotected-parent': { check: 'write protection', result: 'warning' },
  'run-account': { check: 'account', result: 'error' },
  'system-log': { check: 'system log', result: 'warning' },
};

/** Not away: it says so itself. */
const lasting: readonly Host['status'][] = ['service-stopped', 'hypervisor-not-installed'];

export function* findHostTroubles(inventory: Known): Generator<Trouble> {
  if (inventory.count('host') === 0)
    yield ofInstallation({
      check: 'hosts',
      result: 'warning',
      evidence: 'no host has joined',
      remedy: 'make a token with: gantry host join-token',
    });
  for (const { id } of inventory.documents('host')) {
    const host = inventory.host(id);
    if (host === undefined) continue;
    if (host.status !== 'ready') yield describeAbsence(host);
    else yield* findLowVolumes(host);
    for (const trouble of inventory.troubles(id) ?? []) yield* describe(inventory, id, trouble);
  }
}

function* describe(
  inventory: Known,
  hostId: string,
  { kind, vmId, text, remedy }: HostTrouble,
): Generator<Trouble> {
  const common = { ...foundChecks[kind], remedy, detail: vmId === null ? '' : text };
  if (vmId === null) {
    const name = inventory.host(hostId)?.name ?? hostId;
    const thing = { kind: 'host', id: hostId, name } as const;
    yield { ...common, thing, evidence: `host ${thing.name}: ${text}` };
    return;
  }
  const vm = inventory.document<VmDocument>('vm', vmId);
  if (vm?.data.hostId !== hostId) return;
  const thing = vmThing(vmId, vm.data);
  yield { ...common, thing, evidence: `vm ${thing.name}: ${text}` };
}

function describeAbsence({ id, name, status, statusReason }: Host): Trouble {
  return {
    thing: { kind: 'host', id, name },
    // Of an agent that is away it is told in several ways, one after the other.
    detail: lasting.includes(status) ? status : 'away',
    check: 'hosts',
    result: 'error',
    evidence: `host ${name} is ${status}${statusReason === null ? '' : `: ${statusReason}`}`,
    remedy:
      status === 'service-stopped'
        ? `start its service: gantry host start ${name}`
        : `look whether its agent runs, then: gantry host diagnose ${name}`,
  };
}

/** Volumes below the thresholds that its agent warns and pauses at; on hosts without an agent nobody does. */
export function findLowVolumes({
  id,
  name,
  settings,
  load,
  connection,
}: Pick<Host, 'id' | 'name' | 'settings' | 'load' | 'connection'>): readonly Trouble[] {
  if (connection !== null) return [];
  return (load?.volumes ?? []).flatMap(({ path, totalBytes, freeBytes }): Trouble[] => {
    const rule = lowSpaceRule(settings.lowSpace, path);
    const pauseBytes = thresholdBytes(rule.pause, totalBytes);
    if (freeBytes >= Math.max(thresholdBytes(rule.warn, totalBytes), pauseBytes)) return [];
    const isPausing = freeBytes < pauseBytes;
    const what = isPausing ? 'vms whose disks grow there are paused' : 'disks grow there';
    return [
      {
        thing: { kind: 'host', id, name },
        detail: path,
        check: 'volumes',
        result: isPausing ? 'error' : 'warning',
        evidence: `the volume ${path} of host ${name} has ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} left: ${what}`,
        remedy: isPausing
          ? `free space there${rule.resume === 'automatic' ? ': they go on by themselves' : ', then resume them'}`
          : `free space there: below ${formatBytes(pauseBytes)} vms are paused`,
      },
    ];
  });
}
