/** What is wrong with hosts, each with the remedy: those that cannot work, and volumes that fill up under vms (DISK-49). */
import { lowSpaceRule, thresholdBytes, type Finding, type Host } from '#api';
import { formatBytes } from '#lib';
import type { Inventory } from '../inventory/inventory.ts';

export function findHostTroubles(
  inventory: Pick<Inventory, 'count' | 'documents' | 'host'>,
): readonly Finding[] {
  if (inventory.count('host') === 0)
    return [
      {
        check: 'hosts',
        result: 'warning',
        evidence: 'no host has joined',
        remedy: 'make a token with: gantry host join-token',
      },
    ];
  return [...inventory.documents('host')].flatMap(({ id }) => {
    const host = inventory.host(id);
    if (host === undefined) return [];
    return host.status === 'ready' ? findLowVolumes(host) : [describeAbsence(host)];
  });
}

function describeAbsence({ name, status, statusReason }: Host): Finding {
  return {
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
  name,
  settings,
  load,
  connection,
}: Pick<Host, 'name' | 'settings' | 'load' | 'connection'>): readonly Finding[] {
  if (connection !== null) return [];
  return (load?.volumes ?? []).flatMap(({ path, totalBytes, freeBytes }): Finding[] => {
    const rule = lowSpaceRule(settings.lowSpace, path);
    const pauseBytes = thresholdBytes(rule.pause, totalBytes);
    if (freeBytes >= Math.max(thresholdBytes(rule.warn, totalBytes), pauseBytes)) return [];
    const isPausing = freeBytes < pauseBytes;
    const what = isPausing ? 'vms whose disks grow there are paused' : 'disks grow there';
    return [
      {
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
