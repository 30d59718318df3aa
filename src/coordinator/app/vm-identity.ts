/**
 * What makes a vm unlike every other beside its MAC addresses (macs.ts): the serial number its firmware shows (HW-31,
 * EVT-18 to EVT-21). Randomness is an argument, so that tests can hold it.
 */
import { randomBytes } from 'node:crypto';
import type { Event, VmDefinition } from '#api';

export type RandomBytes = (count: number) => Uint8Array;

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

const serialNumber = new RegExp(`^${serialGroups.map((digits) => `\\d{${digits}}`).join('-')}$`);
const numbered =
  /^hardware\/bios\/(?:base_board\/serial_number|chassis\/(?:serial_number|asset_tag))$/;

/** Whether a change of a definition is one that a first start makes. */
export function isIdentity({ path, oldValue, newValue }: Event['attributes']): boolean {
  return oldValue === null && numbered.test(String(path)) && serialNumber.test(String(newValue));
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
