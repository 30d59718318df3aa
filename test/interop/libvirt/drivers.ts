/** A hypervisor behind libvirtd as one of the worlds of the suite of all drivers. */
import { profiles, vmDefinitionSchema } from '#api';
import { machineId } from '#foreign';
import { miB } from '#lib';
import { hostId, Kept } from '../../../src/agent/foreign/testing/kept.ts';
import type { DriverWorld } from '../../../src/agent/testing/driver-suite.ts';
import type { Libvirtd } from './daemon.ts';

const uuid = '11111111-2222-4333-8444-5555deadbeef';
const file = 'suite.qcow2';
const disk = { kind: 'new', file, format: 'qcow2', sizeBytes: 64 * miB } as const;

/** The daemon ends with the world; it has a storage pool. */
export async function openWorld(daemon: Libvirtd, address: string): Promise<DriverWorld> {
  const kept = await Kept.open(address);
  const { modern } = profiles;
  const definition = vmDefinitionSchema.parse({
    id: machineId(hostId, uuid),
    name: 'suite',
    hardware: {
      ...modern.hardware,
      firmware: { ...modern.hardware.firmware, type: 'bios', secureBoot: false },
      tpm: false,
      memory: { sizeBytes: 64 * miB, maxBytes: null },
      disks: [{ bus: 'virtio', position: 0, file, format: 'qcow2', sizeBytes: disk.sizeBytes }],
      graphics: { ...modern.hardware.graphics, adapter: 'std' },
      tablet: false,
    },
    extensions: { libvirt: { name: 'suite', uuid } },
  });
  return {
    coordinator: kept.coordinator,
    host: await kept.host(),
    wanted: { definition, disk },
    async [Symbol.asyncDispose]() {
      await kept[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
    },
  };
}
