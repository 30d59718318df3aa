/** USB devices and their interfaces (Documentation/ABI/stable/sysfs-bus-usb). */
import { join } from 'node:path';
import type { HostDevice } from '#api';
import { findNames } from './device-ids.ts';
import { followAll, readHex, readLinkName, readNumber, readText } from './sysfs.ts';

type Usb = Extract<HostDevice, { kind: 'usb-device' | 'usb-interface' }>;
type Device = Extract<HostDevice, { kind: 'usb-device' }>;

export async function listUsb(sysfs: string): Promise<readonly Usb[]> {
  const found = await followAll(sysfs, 'bus/usb/devices');
  const read = (
    await Promise.all(
      found.map(({ name, path }): Promise<Usb[]> =>
        name.includes(':') ? readInterface(name, path) : readDevice(name, path),
      ),
    )
  ).flat();
  const devices = read.filter((one): one is Device => one.kind === 'usb-device');
  const names = await findNames('usb.ids', devices);
  return read.map((one) => {
    if (one.kind !== 'usb-device') return one;
    // The list knows better than what the device says of itself, as udev has it.
    const { vendor, product } = names(one);
    return {
      ...one,
      vendorName: vendor ?? one.vendorName,
      productName: product ?? one.productName,
    };
  });
}

async function readDevice(name: string, path: string): Promise<Usb[]> {
  const at = (file: string): string => join(path, file);
  const [bus, device, vendor, product] = await Promise.all([
    readNumber(at('busnum')),
    readNumber(at('devnum')),
    readHex(at('idVendor')),
    readHex(at('idProduct')),
  ]);
  if (bus === null || device === null || vendor === null || product === null) return [];
  const [driver, vendorName, productName] = await Promise.all([
    readLinkName(at('driver')),
    readText(at('manufacturer')),
    readText(at('product')),
  ]);
  return [
    {
      kind: 'usb-device',
      name,
      path,
      driver,
      bus,
      device,
      vendor,
      vendorName,
      product,
      productName,
    },
  ];
}

async function readInterface(name: string, path: string): Promise<Usb[]> {
  const at = (file: string): string => join(path, `bInterface${file}`);
  const [number, code, subclass, protocol] = await Promise.all([
    readHex(at('Number')),
    readHex(at('Class')),
    readHex(at('SubClass')),
    readHex(at('Protocol')),
  ]);
  if (number === null || code === null || subclass === null || protocol === null) return [];
  const driver = await readLinkName(join(path, 'driver'));
  return [{ kind: 'usb-interface', name, path, driver, number, class: code, subclass, protocol }];
}
