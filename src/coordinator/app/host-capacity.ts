/**
 * Room for more vms of one size (HOST-20): by the same figures that the agent admits a start with, so that what
 * is said to fit starts. Memory always sets a limit, so there is an answer for every host.
 */
import { Fault } from '#lib';
import type { CapacityResource, Host, HostCapacity, VmSize } from '#api';

type Room = HostCapacity['resources'][number];

/** Errors: `unavailable` while the host has told nothing of itself; `unsupported` where no vms are made. */
export function judgeCapacity(host: Host, size: VmSize): HostCapacity {
  const { facts, load, settings, name } = host;
  if (facts?.missing.create !== undefined)
    throw new Fault('unsupported', `host ${name}: ${facts.missing.create}`);
  if (facts === null || load === null)
    throw new Fault('unavailable', `host ${name} has not told yet what is free on it`, {
      facts: { host: name },
      hint: `look at it with: gantry host show ${name}`,
    });
  const { threads } = facts.processor;
  const memoryEach = size.memoryBytes + settings.memoryOverheadBytes;
  const resources: Room[] = [room('memory', load.memoryFreeBytes, memoryEach)];
  const unreserved = Math.max(0, threads * (1 - load.cpuReservedPercent / 100));
  // One vm never has more processors than its host, whatever is reserved.
  if (size.processors > threads)
    resources.push({ resource: 'processors', free: unreserved, each: size.processors, fits: 0 });
  else
    resources.push(
      room('processors', unreserved, (size.processors * size.cpuReservePercent) / 100),
    );
  const volume = load.volumes.find(({ path }) => path === settings.vmFolder) ?? load.volumes[0];
  if (volume !== undefined)
    resources.push(
      room('disk', Math.max(0, volume.freeBytes - settings.minimumFreeDiskBytes), size.diskBytes),
    );
  if (settings.maxRunningVms !== null)
    resources.push(room('running-limit', Math.max(0, settings.maxRunningVms - load.running), 1));
  const [first] = resources.toSorted((one, other) => limitOf(one) - limitOf(other));
  return {
    fits: first?.fits ?? 0,
    runsOutFirst: first?.resource ?? 'memory',
    resources,
  };
}

function room(resource: CapacityResource, free: number, each: number): Room {
  return { resource, free, each, fits: each === 0 ? null : Math.floor(free / each) };
}

const limitOf = ({ fits }: Room): number => fits ?? Number.POSITIVE_INFINITY;
