/**
 * Where each device sits on the PCI buses: a pure function of what it is and of its position, never of
 * what else is there (HW-02).
 *
 *   pc      slot  01 PIIX with USB 1.1 · 02 display · 03 balloon · 04 guest channel · 05 random source
 *                 06 sound · 07 USB 2 · 08 USB 3 · 09-0c SCSI 0-3 · 0d SATA · 10-13 adapters 0-3
 *                 0e-0f 1d-1e shared folders 0-3
 *                 14-1b virtio disks 0-7 · 1c bridge, behind it 01-0c adapters 4-15, 10-1f disks 8-23
 *   q35     slot  01 display · 02 USB 1.1 · 03-0c as above · 0d-16 root ports, four to a slot, taking
 *                 turns between adapters and disks · 17 root ports of shared folders 0-3 · 18-1b conventional adapters 0-3 · 1f ICH9 with SATA
 *   virt    as q35, without USB 1.1 and 2 and SATA; 02 is the crash device
 *
 * Invariant: the guest numbers the buses behind bridges in the order of their slots, so bridges are made
 * from the first slot without a gap up to the last one in use, and the first of each kind always, so that
 * a board with PCI Express can plug in a disk or an adapter at any time.
 */
import { present } from '#lib';
import type { JsonFields } from './options.ts';
import type { Chipset } from './spec.ts';

export interface PciAddress extends JsonFields {
  readonly bus: string;
  /** `0x3` or, of one function among several, `0x3.0x1`. */
  readonly addr: string;
}

export const maxAdapters = 16;
export const maxVirtioDisks = 24;
const rootAdapters = 4;
const rootDisks = 8;
const portsPerSlot = 4;
const firstPortSlot = 0x0d;
const bridgeName = 'board-bridge';

/** The kinds of devices behind root ports, one slot each, in the order of slots. */
const portSlots = [
  'net',
  'disk',
  'net',
  'disk',
  'net',
  'disk',
  'net',
  'disk',
  'disk',
  'disk',
] as const;
type PortKind = (typeof portSlots)[number];

const fixedSlots = {
  balloon: 0x03,
  channel: 0x04,
  random: 0x05,
  sound: 0x06,
  usb2: 0x07,
  usb3: 0x08,
  sata: 0x0d,
} as const;

export type FixedDevice = keyof typeof fixedSlots;

export function rootBus(chipset: Chipset): string {
  return chipset === 'pc' ? 'pci.0' : 'pcie.0';
}

function onRoot(chipset: Chipset, slot: number, pciFunction?: number): PciAddress {
  const suffix = pciFunction === undefined ? '' : `.0x${pciFunction.toString(16)}`;
  return { bus: rootBus(chipset), addr: `0x${slot.toString(16)}${suffix}` };
}

export function fixedAddress(
  chipset: Chipset,
  device: FixedDevice,
  pciFunction?: number,
): PciAddress {
  return onRoot(chipset, fixedSlots[device], pciFunction);
}

export function displayAddress(chipset: Chipset): PciAddress {
  return onRoot(chipset, chipset === 'pc' ? 0x02 : 0x01);
}

/** Of virt, whose crash device is on PCI. */
export function crashAddress(): PciAddress {
  return onRoot('virt', 0x02);
}

/** On pc a function of the PIIX, as in the original. */
export function usb1Address(chipset: Chipset): PciAddress {
  return chipset === 'pc' ? onRoot('pc', 0x01, 2) : onRoot('q35', 0x02);
}

export function scsiAddress(chipset: Chipset, position: number): PciAddress {
  return onRoot(chipset, 0x09 + position);
}

/** `express` tells whether the model is a PCI Express device. */
export function adapterAddress(
  chipset: Chipset,
  position: number,
  kind: 'express' | 'conventional',
): PciAddress {
  if (chipset !== 'pc') {
    return kind === 'express' ? behindPort('net', position) : onRoot(chipset, 0x18 + position);
  }
  if (position < rootAdapters) return onRoot('pc', 0x10 + position);
  return behindBridge(1 + position - rootAdapters);
}

export function virtioDiskAddress(chipset: Chipset, position: number): PciAddress {
  if (chipset !== 'pc') return behindPort('disk', position);
  if (position < rootDisks) return onRoot('pc', 0x14 + position);
  return behindBridge(0x10 + position - rootDisks);
}

const shareSlots = [0x0e, 0x0f, 0x1d, 0x1e] as const;
const sharePortSlot = 0x17;

export function shareAddress(chipset: Chipset, position: number): PciAddress {
  if (chipset !== 'pc') return { bus: sharePortName(position), addr: '0x0' };
  return onRoot('pc', present(shareSlots[position], 'a slot of a shared folder'));
}

function sharePortName(position: number): string {
  return `board-port-share${position}`;
}

/** One per shared folder, last in the order of slots, so that no other bus is numbered anew by them. */
export function sharePorts(chipset: Chipset): readonly JsonFields[] {
  if (chipset === 'pc') return [];
  const firstChassis = portSlots.length * portsPerSlot + 1;
  return shareSlots.map((_, nth) => ({
    driver: 'pcie-root-port',
    id: sharePortName(nth),
    ...onRoot(chipset, sharePortSlot, nth),
    multifunction: nth === 0 ? true : undefined,
    chassis: firstChassis + nth,
  }));
}

function behindBridge(slot: number): PciAddress {
  return { bus: bridgeName, addr: `0x${slot.toString(16)}` };
}

function behindPort(kind: PortKind, position: number): PciAddress {
  return { bus: portName(kind, position), addr: '0x0' };
}

function portName(kind: PortKind, position: number): string {
  return `board-port-${kind}${position}`;
}

/** The bridges that these positions need, as devices, in the order of their slots. */
export function bridges(
  chipset: Chipset,
  adapterPositions: readonly number[],
  diskPositions: readonly number[],
): readonly JsonFields[] {
  if (chipset !== 'pc') return rootPorts(chipset, adapterPositions, diskPositions);
  const behind =
    adapterPositions.some((position) => position >= rootAdapters) ||
    diskPositions.some((position) => position >= rootDisks);
  if (!behind) return [];
  const address = onRoot('pc', 0x1c);
  return [{ driver: 'pci-bridge', id: bridgeName, chassis_nr: 1, ...address }];
}

function rootPorts(
  chipset: Chipset,
  adapterPositions: readonly number[],
  diskPositions: readonly number[],
): readonly JsonFields[] {
  const wanted = {
    net: Math.max(0, ...adapterPositions),
    disk: Math.max(0, ...diskPositions),
  };
  const ports: JsonFields[] = [];
  let needed = 0;
  const seen = { net: 0, disk: 0 };
  for (const [index, kind] of portSlots.entries()) {
    const first = seen[kind] * portsPerSlot;
    seen[kind] += 1;
    if (first <= wanted[kind]) needed = (index + 1) * portsPerSlot;
    for (let nth = 0; nth < portsPerSlot; nth += 1) {
      ports.push({
        driver: 'pcie-root-port',
        id: portName(kind, first + nth),
        ...onRoot(chipset, firstPortSlot + index, nth),
        multifunction: nth === 0 ? true : undefined,
        chassis: index * portsPerSlot + nth + 1,
      });
    }
  }
  return ports.slice(0, needed);
}
