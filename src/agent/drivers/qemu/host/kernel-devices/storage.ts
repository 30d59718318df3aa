/** Entire drives, and what of SCSI they hang on (Documentation/ABI/stable/sysfs-block, Documentation/scsi). */
import { join } from 'node:path';
import type { HostDevice } from '#api';
import { followAll, readLinkName, readNumber, readText } from './sysfs.ts';

type Drive = Extract<HostDevice, { kind: 'storage' }>;
type Scsi = Extract<HostDevice, { kind: 'scsi-host' | 'scsi-target' | 'scsi' | 'scsi-generic' }>;

const sectorBytes = 512;

/** What the kernel makes by itself, and what of other drives, is none. */
const types: readonly (readonly [RegExp, Drive['type']])[] = [
  [/^sr\d/, 'cdrom'],
  [/^fd\d/, 'floppy'],
  [/^mmcblk\d+$/, 'sd'],
  [/^(?!loop|ram|zram|dm-|md\d|nbd|mmcblk)/, 'disk'],
];

export async function listDrives(sysfs: string): Promise<readonly Drive[]> {
  const found = await followAll(sysfs, 'block');
  return (await Promise.all(found.map(({ name, path }) => readDrive(name, path)))).flat();
}

async function readDrive(name: string, path: string): Promise<Drive[]> {
  const type = types.find(([pattern]) => pattern.test(name))?.[1];
  if (type === undefined) return [];
  const at = (file: string): string => join(path, file);
  const [sectors, blockBytes, removable, vendor, model, ownSerial, serial] = await Promise.all([
    readNumber(at('size')),
    readNumber(at('queue/logical_block_size')),
    readNumber(at('removable')),
    readText(at('device/vendor')),
    readText(at('device/model')),
    readText(at('serial')),
    readText(at('device/serial')),
  ]);
  const bus = /\/usb\d+\//.test(path) ? 'usb' : /\/ata\d+\//.test(path) ? 'ata' : null;
  return [
    {
      kind: 'storage',
      name,
      path,
      type,
      bus,
      vendor,
      model,
      serial: ownSerial ?? serial,
      removable: removable === 1,
      sizeBytes: (sectors ?? 0) * sectorBytes,
      blockBytes: blockBytes ?? sectorBytes,
    },
  ];
}

/** By the names that the kernel gives on its bus and to its classes. */
export async function listScsi(sysfs: string): Promise<readonly Scsi[]> {
  const onBus = (await followAll(sysfs, 'bus/scsi/devices')).map(({ name, path }) =>
    readScsi(name, path),
  );
  const generic = (await followAll(sysfs, 'class/scsi_generic')).map(
    async ({ name, path }): Promise<Scsi[]> =>
      /^sg\d+$/.test(name) ? [{ kind: 'scsi-generic', name, path }] : [],
  );
  return (await Promise.all([...onBus, ...generic])).flat();
}

async function readScsi(name: string, path: string): Promise<Scsi[]> {
  const [, host] = /^host(\d{1,6})$/.exec(name) ?? [];
  if (host !== undefined) {
    const uniqueId = await readNumber(join(path, 'scsi_host', name, 'unique_id'));
    return [{ kind: 'scsi-host', path, number: Number(host), uniqueId }];
  }
  if (/^target\d+:\d+:\d+$/.test(name)) return [{ kind: 'scsi-target', name, path }];
  const numbers = /^(\d{1,6}):(\d{1,6}):(\d{1,6}):(\d{1,16})$/.exec(name)?.slice(1).map(Number);
  if (numbers === undefined) return [];
  const [driver, type] = await Promise.all([
    readLinkName(join(path, 'driver')),
    readNumber(join(path, 'type')),
  ]);
  const [bus = 0, channel = 0, target = 0, lun = 0] = numbers;
  return [{ kind: 'scsi', path, driver, host: bus, bus: channel, target, lun, type }];
}
