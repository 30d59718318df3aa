/**
 * Places of disks and drives: a domain names the device that its guest may see (`sdb`), and often the address on the
 * controller. Of a device without address libvirt makes one from the name, by the places that its controllers have.
 */
import { busPositions, diskBuses, type DiskBus } from '#api';
import { attributeOf, find, wholeNumber, type XmlNode } from '#foreign';

export interface Place {
  readonly bus: DiskBus;
  readonly controller: number;
  readonly position: number;
}

/** Undefined for a bus that Gantry has no word for. */
export function placeOf(disk: XmlNode): Place | undefined {
  const target = find(disk, 'target');
  const device = attributeOf(target, 'dev') ?? '';
  const bus = diskBuses.find((one) => one === (attributeOf(target, 'bus') ?? busOf(device)));
  const number = numberOf(device);
  if (bus === undefined || number === undefined) return undefined;
  if (bus === 'virtio') return { bus, controller: 0, position: number };
  const address = find(disk, 'address');
  const told = (name: string): number | undefined => wholeNumber(attributeOf(address, name));
  if (attributeOf(address, 'type') !== 'drive') return { bus, ...fromNumber(bus, number) };
  const [controller = 0, channel = 0, target0 = 0, unit = 0] = [
    told('controller'),
    told('bus'),
    told('target'),
    told('unit'),
  ];
  if (bus === 'ide') return { bus, controller: channel, position: unit };
  // A disk of virtio-scsi stands at a target, one of other controllers at a unit; nobody uses both.
  return { bus, controller, position: bus === 'scsi' ? Math.max(target0, unit) : unit };
}

function busOf(device: string): DiskBus | undefined {
  const buses: Readonly<Record<string, DiskBus>> = { hd: 'ide', sd: 'scsi', vd: 'virtio' };
  return buses[device.slice(0, 2)];
}

/** `sda` is 0, `sdaa` 26. */
function numberOf(device: string): number | undefined {
  const letters = /^[a-z]d([a-z]{1,3})$/.exec(device)?.[1];
  if (letters === undefined) return undefined;
  return Array.from(letters).reduce((sum, letter) => sum * 26 + (letter.charCodeAt(0) - 96), 0) - 1;
}

function fromNumber(bus: DiskBus, number: number): Omit<Place, 'bus'> {
  const { positions } = busPositions[bus];
  return { controller: Math.floor(number / positions), position: number % positions };
}
