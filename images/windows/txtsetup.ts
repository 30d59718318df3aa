/**
 * TXTSETUP.OEM: by it the text mode of the setup of Windows 2000, XP and Server 2003 knows what a driver floppy has
 * (Windows DDK, "TXTSETUP.OEM File Format"). Pure.
 */
import { Fault } from '#lib';
import type { WindowsDriver } from './driver-iso.ts';

/** A disk driver that setup offers. */
export interface SetupOption {
  /** `Windows XP`. */
  readonly system: string;
  /** On the floppy, with forward slashes. */
  readonly folder: string;
  readonly driver: WindowsDriver;
}

const hardwareId = /\bPCI\\VEN_[0-9A-F]{4}&DEV_[0-9A-F]{4}(?:&(?:SUBSYS|REV)_[0-9A-F]{2,8})*/gi;
const maxIds = 16;

/** Errors: `invalid` for a driver that setup could do nothing with. */
export function writeTxtsetup(options: readonly SetupOption[], tagFile: string): string {
  const known = options.map((option, index) => ({
    ...option,
    id: `option${index + 1}`,
    disk: `d${index + 1}`,
  }));
  const lines = [
    '[Disks]',
    ...known.map(
      ({ disk, system, folder }) =>
        `${disk} = "Gantry driver floppy (${system})", \\${tagFile}, \\${folder.replaceAll('/', '\\')}`,
    ),
    '',
    '[Defaults]',
    `scsi = ${known[0]?.id ?? ''}`,
    '',
    '[scsi]',
    ...known.map(({ id, system }) => `${id} = "Virtio disk controller (${system})"`),
    '',
  ];
  for (const { id, disk, driver } of known) lines.push(...describeDriver(id, disk, driver));
  // So the driver takes part in plug and play; by its service, which all of them share.
  for (const service of new Set(known.map(({ driver }) => driver.driver)))
    lines.push(`[Config.${service}]`, 'value = Parameters\\PnpInterface, 5, REG_DWORD, 1', '');
  return lines.join('\n');
}

function describeDriver(
  id: string,
  disk: string,
  { driver: service, version, architecture, files }: WindowsDriver,
): readonly string[] {
  const find = (extension: string) =>
    files.find(({ name }) => name.toLowerCase() === `${service}.${extension}`.toLowerCase());
  const [program, inf, catalogue] = [find('sys'), find('inf'), find('cat')];
  const ids = inf === undefined ? [] : hardwareIds(inf.data);
  if (program === undefined || inf === undefined || ids.length === 0) {
    const where = `${service}/${version}/${architecture}`;
    throw new Fault('invalid', `${where} is no driver: it needs a .sys and an .inf with hardware`);
  }
  return [
    `[Files.scsi.${id}]`,
    `driver = ${disk}, ${program.name}, ${service}`,
    `inf = ${disk}, ${inf.name}`,
    ...(catalogue === undefined ? [] : [`catalog = ${disk}, ${catalogue.name}`]),
    '',
    `[HardwareIds.scsi.${id}]`,
    ...ids.map((hardware) => `id = "${hardware}", "${service}"`),
    '',
  ];
}

/** What hardware the driver is for, as its .inf says; in UTF-16 where it begins with the mark of that. */
export function hardwareIds(inf: Buffer): readonly string[] {
  const isWide = inf.length > 1 && inf.readUInt16LE(0) === 0xfeff;
  const text = inf.toString(isWide ? 'utf16le' : 'latin1').replaceAll(/;.*$/gm, '');
  const ids = [...text.matchAll(hardwareId)].map(([id]) => id.toUpperCase());
  return [...new Set(ids)].slice(0, maxIds);
}
