/**
 * What makes a vm unlike every other: MAC addresses, and the serial number its firmware shows (HW-31,
 * EVT-18 to EVT-21). Randomness is an argument, so that tests can hold it.
 */
import { randomBytes } from 'node:crypto';
import { Fault } from '#lib';
import type { VmDefinition } from '#api';
import { installationSettings } from '../access/sign-in/sessions.ts';
import type { VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';

export type RandomBytes = (count: number) => Uint8Array;

const maxAttempts = 100;
/** Groups of digits of a serial number, as the machines of 2005 had them. */
const serialGroups = [4, 4, 4, 4, 4, 4, 2] as const;

/** `0544-5904-3417-7151-3013-2390-69`: 26 random decimal digits. */
export function makeSerialNumber(random: RandomBytes = randomBytes): string {
  return serialGroups
    .map((length) => {
      let digits = '';
      while (digits.length < length) {
        const byte = random(1)[0] ?? 0;
        // Bytes that would make some digits likelier than others are left out.
        if (byte < 250) digits += String(byte % 10);
      }
      return digits;
    })
    .join('-');
}

/** MAC addresses of all known vms. */
export function usedMacs(inventory: Inventory): Set<string> {
  const macs = new Set<string>();
  for (const { data } of inventory.documents<VmDocument>('vm'))
    for (const { mac } of data.definition.hardware.adapters) macs.add(mac);
  return macs;
}

/** An address with the installation's prefix that is not in use; it is in use from then on. */
export function giveMac(inventory: Inventory, used: Set<string>): string {
  return makeMac(installationSettings(inventory).macPrefix, used);
}

/** `prefix` are the first three bytes, as addresses are written. */
export function makeMac(
  prefix: string,
  used: Set<string>,
  random: RandomBytes = randomBytes,
): string {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const rest = Array.from(random(3), (byte) => byte.toString(16).padStart(2, '0'));
    const mac = [prefix, ...rest].join(':');
    if (used.has(mac)) continue;
    used.add(mac);
    return mac;
  }
  throw new Fault('exhausted', 'no free MAC address was found', {
    hint: 'give the adapter a static address',
  });
}

/** The definition with the identity that a first start gives; the same object when it has one. */
export function identify(
  definition: VmDefinition,
  random: RandomBytes = randomBytes,
): VmDefinition {
  const { bios } = definition.hardware;
  const { assetTag, serialNumber } = bios.chassis;
  const board = bios.baseBoard.serialNumber;
  if (assetTag !== null && serialNumber !== null && board !== null) return definition;
  const made = assetTag ?? serialNumber ?? board ?? makeSerialNumber(random);
  return {
    ...definition,
    hardware: {
      ...definition.hardware,
      bios: {
        chassis: { assetTag: assetTag ?? made, serialNumber: serialNumber ?? made },
        baseBoard: { serialNumber: board ?? made },
      },
    },
  };
}
