/**
 * Formats of disks by libvirt's names (docs/schemas/storagecommon.rng, `storageFormat`). It has none for VHDX and Parallels:
 * these keep the names that QEMU's drivers have.
 */
import type { Disk } from '#api';

type Format = Disk['format'];

const libvirtNames: Readonly<Record<Format, string>> = {
  qcow2: 'qcow2',
  raw: 'raw',
  vhd: 'vpc',
  vhdx: 'vhdx',
  vmdk: 'vmdk',
  vdi: 'vdi',
  qed: 'qed',
  parallels: 'parallels',
  qcow1: 'qcow',
};

export function libvirtFormat(format: Format): string {
  return libvirtNames[format];
}

/** By what libvirt calls them. */
export const formatsByLibvirt: Readonly<Record<string, Format>> = Object.fromEntries(
  (Object.keys(libvirtNames) as Format[]).map((format) => [libvirtNames[format], format]),
);
