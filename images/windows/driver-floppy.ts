/**
 * A floppy with the drivers of virtual disks and network adapters for Windows versions that take drivers during their setup from a
 * floppy alone (F6): Windows XP and Server 2003. TXTSETUP.OEM tells setup what is on it.
 */
import { Fault } from '#lib';
import { requireDrivers, type BuildContext } from '../context.ts';
import { createFat, floppyBytes, putFatFiles, type FatFile } from '../fat.ts';
import { windowsText } from './additions.ts';
import { readDriverIso, type WindowsDriver } from './driver-iso.ts';
import { writeTxtsetup, type SetupOption } from './txtsetup.ts';

/** In the order in which setup offers them; the first is the default. */
const systems = [
  { version: 'xp', architecture: 'x86', name: 'Windows XP' },
  { version: '2k3', architecture: 'x86', name: 'Windows Server 2003' },
  { version: '2k3', architecture: 'amd64', name: 'Windows Server 2003 and XP, 64 bit' },
] as const;
/** Setup takes the drivers of disks; the others are there for the system that it has installed. */
const inOrder = ['viostor', 'NetKVM'] as const;
/** Boot sector, both tables and the root directory of a floppy are not for files; folders take a sector each. */
const roomBytes = floppyBytes - 33 * 512 - 8 * 512;
const tagFile = 'disk1';

export async function buildDriverFloppy(context: BuildContext): Promise<void> {
  const { outputPath, progress, signal } = context;
  progress('reading the drivers');
  const isoPath = requireDrivers(context);
  const { drivers } = await readDriverIso(isoPath, signal);
  const files = filesOf(drivers);
  if (files === undefined) {
    throw new Fault('unsupported', `${isoPath} has no disk drivers for Windows XP or Server 2003`, {
      hint: 'later versions take drivers from a CD: build additions-windows',
    });
  }
  progress('writing the floppy');
  await createFat(outputPath, { sizeBytes: floppyBytes, label: 'DRIVERS', signal });
  await putFatFiles(outputPath, files, signal);
}

/** Undefined where no disk could be found by any of these systems. */
export function filesOf(drivers: readonly WindowsDriver[]): readonly FatFile[] | undefined {
  const options: SetupOption[] = [];
  const files: FatFile[] = [];
  let leftBytes = roomBytes;
  for (const name of inOrder)
    for (const system of systems) {
      const driver = drivers.find(
        (one) =>
          one.driver === name &&
          one.version === system.version &&
          one.architecture === system.architecture,
      );
      if (driver === undefined) continue;
      const folder = `${system.version}/${system.architecture}`.toUpperCase();
      const sizeBytes = driver.files.reduce((sum, { data }) => sum + inSectors(data.length), 0);
      // What has no room is on the CD.
      if (sizeBytes > leftBytes) continue;
      leftBytes -= sizeBytes;
      files.push(
        ...driver.files.map((file) => ({ path: `${folder}/${file.name}`, data: file.data })),
      );
      if (name === 'viostor') options.push({ system: system.name, folder, driver });
    }
  if (options.length === 0) return undefined;
  return [
    { path: tagFile, data: windowsText('Gantry driver floppy\n') },
    { path: 'TXTSETUP.OEM', data: windowsText(writeTxtsetup(options, tagFile)) },
    ...files,
  ];
}

function inSectors(bytes: number): number {
  return Math.ceil(bytes / 512) * 512;
}
