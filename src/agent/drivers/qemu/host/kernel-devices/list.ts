/**
 * The devices of the host, read from sysfs when somebody asks: what has been plugged in since is among them, and nothing is looked for
 * while nobody does.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { maxHostDevices, type HostDevice } from '#api';
import { listPci } from './pci.ts';
import { listDrives, listScsi } from './storage.ts';
import { followAll, readNumber, readText } from './sysfs.ts';
import { listUsb } from './usb.ts';

type Net = Extract<HostDevice, { kind: 'net' }>;

/** What Gantry makes for vms is no device of the host. */
const ofVms = /^g(br|tap|svc|ifb|vx|vl)\d+$/;

export async function listDevices(
  sysfs = '/sys',
): Promise<{ readonly devices: HostDevice[]; readonly complete: boolean }> {
  const lists = [listPci, listUsb, listNet, listScsi, listDrives];
  const found: HostDevice[] = (await Promise.all(lists.map((list) => list(sysfs)))).flat();
  const devices = found.slice(0, maxHostDevices).map((device) => ({
    ...device,
    // As the kernel's own tree calls it, wherever that is mounted.
    path: device.path.startsWith(`${sysfs}/`)
      ? `/sys${device.path.slice(sysfs.length)}`
      : device.path,
  }));
  return { devices, complete: devices.length === found.length };
}

async function listNet(sysfs: string): Promise<readonly Net[]> {
  const found = await followAll(sysfs, 'class/net');
  return (
    await Promise.all(found.filter(({ name }) => !ofVms.test(name)).map((one) => readNet(one)))
  ).flat();
}

async function readNet({
  name,
  path,
}: {
  readonly name: string;
  readonly path: string;
}): Promise<Net[]> {
  const at = (file: string): string => join(path, file);
  const [mac, state, speed, isWireless] = await Promise.all([
    readText(at('address')),
    readText(at('operstate')),
    readNumber(at('speed')),
    access(at('phy80211')).then(
      () => true,
      () => false,
    ),
  ]);
  // One without such an address is none that libvirt can tell of.
  if (mac === null || !/^([\da-f]{2}:){5}[\da-f]{2}$/.test(mac)) return [];
  return [
    { kind: 'net', name, path, mac, state: state ?? 'unknown', speedMbps: speed, isWireless },
  ];
}
