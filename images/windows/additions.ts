/**
 * The additions CD with what Windows needs beside: the drivers of virtual hardware as the virtio-win project lays them
 * out, so that Windows' setup finds those of disks by itself, and install.cmd for a system that is installed.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { additionsFiles, additionsFolder, additionsLabel } from '../additions.ts';
import { requireDrivers, type BuildContext } from '../context.ts';
import { createIso, type IsoFile } from '../iso.ts';
import { additionsVersion } from '../version.ts';
import { readDriverIso, type DriverIso, type WindowsDriver } from './driver-iso.ts';

/** Drivers that setup needs, and the names of architectures as it looks for them. */
const ofSetup = new Set(['viostor', 'vioscsi']);
const setupFolders = { x86: 'i386', amd64: 'amd64', ARM64: 'ARM64' } as const;
/** They take drivers from floppies only, or ask for a folder. */
const withoutCdSearch = new Set(['xp', '2k3', '2k8']);

export async function buildWindowsAdditions(context: BuildContext): Promise<void> {
  const { outputPath, progress, signal } = context;
  progress('reading the drivers');
  const iso = await readDriverIso(requireDrivers(context), signal);
  progress('writing the CD');
  const files = [...(await additionsFiles()), ...(await windowsFiles(iso))];
  await createIso({ path: outputPath, label: additionsLabel, files, signal });
}

async function windowsFiles({ drivers, others }: DriverIso): Promise<readonly IsoFile[]> {
  const script = await readFile(join(additionsFolder, 'install.cmd'), 'utf8');
  return [
    { path: 'install.cmd', data: windowsText(script) },
    { path: 'WINDOWS.txt', data: windowsText(readme(drivers)) },
    ...[...others].map(([path, data]) => ({ path, data })),
    ...drivers.flatMap(filesOf),
  ];
}

function filesOf({ driver, version, architecture, files }: WindowsDriver): readonly IsoFile[] {
  const folders = [`${driver}/${version}/${architecture}`];
  if (ofSetup.has(driver) && !withoutCdSearch.has(version))
    folders.push(`${setupFolders[architecture]}/${version}`);
  return folders.flatMap((folder) =>
    files.map(({ name, data }) => ({ path: `${folder}/${name}`, data })),
  );
}

function readme(drivers: readonly WindowsDriver[]): string {
  const versions = [...new Set(drivers.map(({ version }) => version))].toSorted();
  return [
    `Gantry guest additions ${additionsVersion} for Windows`,
    '',
    'Windows that is installed: run install.cmd as administrator. It installs the drivers of virtual',
    'hardware that fit this Windows, and the guest agent.',
    '',
    'Windows that is being installed: where setup asks for the disk, choose "Load driver" and this CD.',
    'The drivers of disks are in amd64 and i386 by version, those of all hardware by their names.',
    '',
    `Drivers are here for: ${versions.join(' ')}. They are those of the virtio-win project, unchanged.`,
    '',
  ].join('\n');
}

/** Programs of Windows want lines that end in CR and LF. */
export function windowsText(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\r?\n/g, '\r\n'));
}
