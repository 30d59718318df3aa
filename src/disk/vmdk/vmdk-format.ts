/** VMDK, "Virtual Disk Format 5.0" of VMware: hosted sparse, flat, split and stream-optimised; ESX sparse read. */
import type { Format } from '../format.ts';
import { createVmdk, vmdkVariants } from './create.ts';
import { isSparseMagic } from './sparse-header.ts';
import { openVmdk } from './vmdk-layer.ts';

export const vmdkFormat: Format = {
  name: 'vmdk',
  title: 'VMDK of VMware',
  suffixes: ['vmdk'],
  variants: vmdkVariants,
  recognise: ({ head }) =>
    isSparseMagic(head) || /^\s*#\s*Disk\s*DescriptorFile/i.test(head.toString('latin1', 0, 128)),
  open: openVmdk,
  create: createVmdk,
  roundSize: (sizeBytes) => Math.ceil(sizeBytes / 512) * 512,
};
