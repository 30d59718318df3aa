/** What stands against a move of a vm from one hypervisor to another, found before anything is done; libvirt finds the rest itself. */
import { posix } from 'node:path';
import { placeName, vmStateFacts, type Hardware, type StartCheck } from '#api';
import { describeFault, isFault, type Reason } from '#lib';
import { requireNetworks } from '../edit/require-networks.ts';
import { lookUp } from '../make/domains.ts';
import { Volumes } from '../make/volumes.ts';
import type { Standing } from './standing.ts';

export interface WantedPassage {
  readonly id: string;
  readonly source: Standing;
  readonly target: Standing;
  readonly storage: 'copy' | 'shared';
}

/** Errors: those of the clients. */
export async function judgePassage(
  wanted: WantedPassage,
  signal: AbortSignal,
): Promise<StartCheck> {
  const { id, source, target, storage } = wanted;
  const { handle, state } = source.machines.find(id);
  const { hardware } = source.machines.definition(id);
  const name = handle.name;
  const reasons: Reason[] = [];
  for (const { host } of [source, target]) {
    const reason = host.facts.missing.migrate;
    if (reason !== undefined)
      reasons.push({ code: 'unsupported', text: `host ${host.name}: ${reason}` });
  }
  if ((await lookUp(target.client, handle.uuid, signal)) !== undefined)
    reasons.push({
      code: 'exists',
      text: `host ${target.host.name} has a vm of its UUID already`,
      remedy: 'undefine that one, if it is not wanted',
    });
  if (state === 'saved')
    reasons.push({
      code: 'saved',
      text: `${name} is saved, and its state stays on its host`,
      remedy: 'restore it first, or discard its state',
    });
  if (source.machines.snapshots(id).length > 0)
    reasons.push({
      code: 'snapshots',
      text: `${name} has snapshots, which libvirt leaves behind`,
      remedy: `delete them first: gantry vm snapshot list ${name}`,
    });
  if (storage === 'copy' && !vmStateFacts[state].live && copied(hardware).length > 0)
    reasons.push({
      code: 'off',
      text: `${name} is off, and libvirt copies disks of vms that run`,
      remedy: 'start it first, or put its disks on storage that both hosts have (--disks shared)',
    });
  reasons.push(...(await judgeDisks(wanted, hardware, signal)));
  try {
    await requireNetworks(target.client, null, hardware, signal);
  } catch (error) {
    if (!isFault(error, 'not-found') && !isFault(error, 'unsupported')) throw error;
    reasons.push({ code: 'network', text: `host ${target.host.name}: ${describeFault(error)}` });
  }
  return { ok: reasons.length === 0, reasons, warnings: [] };
}

/** Disks that a move copies: libvirt leaves out those that are only read or that others write, too. */
export function copied({ disks }: Hardware): Hardware['disks'] {
  return disks.filter(({ readOnly, shared }) => !readOnly && !shared);
}

async function judgeDisks(
  { target, storage }: WantedPassage,
  hardware: Hardware,
  signal: AbortSignal,
): Promise<Reason[]> {
  const volumes = new Volumes(target.client);
  const name = target.host.name;
  const moved = storage === 'copy' ? new Set(copied(hardware)) : new Set();
  const reasons: Reason[] = [];
  const pools = (await volumes.pools(signal)).flatMap(({ path }) => path ?? []);
  for (const disk of hardware.disks) {
    const what = `the disk ${placeName(disk)}, ${disk.file}`;
    const known = (await volumes.find(disk.file, signal)) !== undefined;
    if (moved.has(disk)) {
      if (known)
        reasons.push({
          code: 'disk-exists',
          text: `host ${name} has a file in the place of ${what}`,
          remedy: 'say --disks shared if it is the same file, else take that one away',
        });
      else if (!pools.includes(posix.dirname(disk.file)))
        reasons.push({
          code: 'no-pool',
          text: `host ${name} has no storage pool for ${what}`,
          remedy: `make one there: virsh pool-create-as NAME dir --target ${posix.dirname(disk.file)}`,
        });
    } else if (!known && pools.includes(posix.dirname(disk.file)))
      reasons.push({
        code: 'disk-missing',
        text: `host ${name} does not have ${what}`,
        remedy: 'say --disks copy, or refresh the pool there: virsh pool-refresh',
      });
  }
  return reasons;
}
