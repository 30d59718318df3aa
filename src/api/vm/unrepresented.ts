/**
 * Devices of physical machines and of other products that no vm here can have (HW-26, HW-27). What brings
 * hardware in from elsewhere reports each hit against this list instead of leaving the device out in silence.
 */
import { z } from 'zod';

export const unrepresentedDeviceSchema = z
  .strictObject({
    id: z.string(),
    device: z.string().meta({ description: 'what it is, for people' }),
    names: z
      .array(z.string())
      .meta({ description: 'how hardware of a definition would name it, in lower case' }),
    reason: z.string(),
    unless: z.string().nullable().meta({ description: 'when it can be had all the same' }),
  })
  .meta({ id: 'UnrepresentedDevice', description: 'a device that no vm can have' });

export type UnrepresentedDevice = z.infer<typeof unrepresentedDeviceSchema>;

const device = (
  id: string,
  what: string,
  names: string[],
  reason: string,
  unless: string | null = null,
): UnrepresentedDevice => ({ id, device: what, names, reason, unless });

const notEmulated = 'no driver emulates it';

export const unrepresentedDevices: readonly UnrepresentedDevice[] = [
  device('firewire', 'FireWire (IEEE 1394)', ['firewire', 'ieee1394'], notEmulated),
  device(
    'other-network',
    'a network adapter that is not Ethernet',
    ['tokenring', 'fddi', 'arcnet', 'atm', 'wireless', 'infiniband'],
    'vms are connected by Ethernet alone',
  ),
  device('modem', 'a modem, fax or TTY device', ['modem', 'fax', 'tty'], notEmulated),
  device('video-board', 'a video board', ['videoboard', 'videocapture', 'tvtuner'], notEmulated),
  device('audio-board', 'an audio board', ['audioboard', 'soundboard'], notEmulated),
  device('coprocessor', 'a co-processor board', ['coprocessor', 'accelerator'], notEmulated),
  device(
    'physical-scsi',
    'a physical SCSI controller',
    ['scsihostadapter', 'physicalscsi', 'raidcontroller'],
    'virtual disks are on virtual controllers',
  ),
  device('backup', 'a backup device', ['tape', 'tapedrive', 'backupdevice'], notEmulated),
  device(
    'usb-device',
    'a USB device',
    ['usbdevice', 'usbdevices'],
    'it belongs to its host',
    'it is passed through',
  ),
];

export interface UnrepresentedHit {
  /** `hardware/firewire`. */
  readonly path: string;
  readonly problem: string;
}

/** Every field of a definition's hardware that asks for one of these devices. Of anything else nothing is said. */
export function findUnrepresented(definition: unknown): readonly UnrepresentedHit[] {
  if (typeof definition !== 'object' || definition === null || !('hardware' in definition))
    return [];
  const { hardware } = definition;
  if (typeof hardware !== 'object' || hardware === null) return [];
  return Object.keys(hardware).flatMap((name) => {
    const known = unrepresentedDevices.find(({ names }) => names.includes(name.toLowerCase()));
    return known === undefined
      ? []
      : [{ path: `hardware/${name}`, problem: `${known.device} is not offered: ${known.reason}` }];
  });
}
