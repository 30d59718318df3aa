/**
 * The definition of a vm that others run: its name, processors and memory, as its hypervisor tells them in bulk.
 * Who it is there stands under the extension `libvirt`. Hardware that is not told is not made up: there are no
 * disks, adapters or ports in it, and what the schema wants besides is that of a plain machine.
 */
import { vmDefinitionSchema, type VmDefinition } from '#api';
import { giB, miB } from '#lib';
import { fittingName } from './identity.ts';
import type { SeenDomain } from './domain.ts';

const leastBytes = 4 * miB;
const mostBytes = 64 * 1024 * giB;

export function definitionOf(id: string, seen: SeenDomain, architecture: string): VmDefinition {
  const { name, uuid } = seen.handle;
  const memoryBytes = Math.ceil((seen.memoryBytes ?? leastBytes) / miB) * miB;
  return vmDefinitionSchema.parse({
    id,
    name: fittingName(name, uuid),
    hardware: {
      profile: 'modern',
      machine: architecture === 'aarch64' ? 'virt' : 'q35',
      firmware: { type: 'bios' },
      processor: { count: Math.min(1024, Math.max(1, seen.processors ?? 1)) },
      memory: { sizeBytes: Math.min(mostBytes, Math.max(leastBytes, memoryBytes)) },
      scsiController: 'virtio-scsi',
      serialPorts: [],
      graphics: { adapter: 'none' },
    },
    extensions: { libvirt: { name, uuid } },
  });
}
