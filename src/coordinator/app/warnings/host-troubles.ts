/**
 * What is wrong with hosts, each with the remedy: those that cannot work, volumes that fill up under vms (DISK-49), and what
 * their agents have found.
 */
import {
  lowSpaceRule,
  tellFinding,
  thresholdBytes,
  type Finding,
  type Host,
  type HostTrouble,
} from '#api';
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
      ...tellFinding('no-host', {}),
    });
  for (const { id } of inventory.documents('host')) {
    const host = inventory.host(id);
    if (host === undefined) continue;
    if (host.status !== 'ready') yield describeAbsence(host);
    else yield* findLowVolumes(host);
    if (host.connection?.verification === 'none-allowed') yield describeUnverified(host);
    for (const trouble of inventory.troubles(id) ?? []) yield* describe(inventory, id, trouble);
  }
}

function* describe(
  inventory: Known,
  hostId: string,
  { kind, vmId, text, ...told }: HostTrouble,
): Generator<Trouble> {
  const common = { ...foundChecks[kind], ...told, detail: vmId === null ? '' : text };
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
  const code = status === 'service-stopped' ? 'host-stopped' : 'host-away';
  const values = { host: name, status };
  return {
    thing: { kind: 'host', id, name },
    // Of an agent that is away it is told in several ways, one after the other.
    detail: lasting.includes(status) ? status : 'away',
    check: 'hosts',
    result: 'error',
    ...(statusReason === null
      ? tellFinding(code, values)
      : tellFinding(`${code}-because`, { ...values, why: statusReason })),
  };
}

/** Stands for as long as the address says so, whether the host is there or not. */
function describeUnverified({ id, name }: Host): Trouble {
  return {
    thing: { kind: 'host', id, name },
    detail: '',
    check: 'verification',
    result: 'warning',
    ...tellFinding('host-unverified', { host: name }),
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
    const values = { path, host: name, freeBytes, totalBytes };
    const full = rule.resume === 'automatic' ? 'volume-full' : 'volume-full-by-hand';
    return [
      {
        thing: { kind: 'host', id, name },
        detail: path,
        check: 'volumes',
        result: isPausing ? 'error' : 'warning',
        ...(isPausing
          ? tellFinding(full, values)
          : tellFinding('volume-filling', { ...values, pauseBytes })),
      },
    ];
  });
}
