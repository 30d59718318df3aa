/**
 * The definition of a vm that others run: what its hypervisor tells of it, in bulk at first, then in full. Who it is
 * there, whether its hardware has been read, and what of it has no word here stand under the extension `libvirt`; what it keeps for
 * other programs under those of its title and its metadata.
 * Hardware that is not told is not made up: there are no disks, adapters or ports in it, and what the schema wants
 * besides is that of a plain machine.
 */
import { vmDefinitionSchema, type VmDefinition } from '#api';
import { giB, miB } from '#lib';
import { fittingName } from './identity.ts';
import type { SeenDomain } from './domain.ts';
import type { ReadHardware } from './hardware/read-hardware.ts';

const leastBytes = 4 * miB;
const mostBytes = 64 * 1024 * giB;

/** `read`: its hardware, where it has been read. */
export function definitionOf(
  id: string,
  seen: SeenDomain,
  architecture: string,
  read: ReadHardware | undefined,
): VmDefinition {
  const { name, uuid } = seen.handle;
  const others = read === undefined || read.others.length === 0 ? {} : { others: read.others };
  const hardware = read === undefined ? 'unread' : 'read';
  return vmDefinitionSchema.parse({
    id,
    name: fittingName(name, uuid),
    hardware: read?.hardware ?? hardwareInBulk(seen, architecture),
    resources: read?.resources,
    settings: {
      start: { onHostStart: seen.startsWithHost ? 'always' : 'off' },
      onGuestReboot: read?.onGuestReboot,
    },
    extensions: { ...read?.kept, libvirt: { name, uuid, hardware, ...others } },
  });
}

function hardwareInBulk({ memoryBytes, processors }: SeenDomain, architecture: string): unknown {
  const sizeBytes = Math.ceil((memoryBytes ?? leastBytes) / miB) * miB;
  return {
    profile: 'modern',
    machine: architecture === 'aarch64' ? 'virt' : 'q35',
    firmware: { type: 'bios' },
    processor: { count: Math.min(1024, Math.max(1, processors ?? 1)) },
    memory: { sizeBytes: Math.min(mostBytes, Math.max(leastBytes, sizeBytes)) },
    scsiController: 'virtio-scsi',
    serialPorts: [],
    graphics: { adapter: 'none' },
  };
}
