/**
 * UEFI firmware images, from the descriptors that distributions install for every program that starts
 * QEMU (docs/interop/firmware.json in QEMU's sources). Where there are none, from the places where OVMF
 * usually is.
 *
 * Invariant: what is returned exists and is a raw flash image for one of our boards, the most capable first, as the
 * distribution ordered it.
 */
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { list, oneOf, record, text } from '../parse.ts';
import { chipsetArchitectures, type Chipset } from '../command-line/spec.ts';

export interface UefiFirmware {
  readonly description: string;
  /** Shared by all vms, never written. */
  readonly codePath: string;
  /** To be copied for each vm. */
  readonly varsTemplatePath: string;
  /** `enrolled`: on from the first start, with the usual vendors' keys. */
  readonly secureBoot: 'none' | 'possible' | 'enrolled';
  readonly chipsets: readonly Chipset[];
}

const descriptorFolders = ['/etc/qemu/firmware', '/usr/share/qemu/firmware'];
const maxDescriptors = 128;
const maxDescriptorBytes = 64 * 1024;

const file = record({ filename: text(), format: oneOf(['raw']) });
const parseDescriptor = record({
  description: text(1024),
  'interface-types': list(text(64), 16),
  mapping: record({ device: oneOf(['flash']), executable: file, 'nvram-template': file }),
  targets: list(record({ architecture: text(64), machines: list(text(64), 64) }), 32),
  features: list(text(64), 64),
});

type Descriptor = ReturnType<typeof parseDescriptor>;

const usualPlaces: readonly UefiFirmware[] = [
  place('/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'),
  place('/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/OVMF/OVMF_VARS.fd'),
  place('/usr/share/edk2/ovmf/OVMF_CODE.fd', '/usr/share/edk2/ovmf/OVMF_VARS.fd'),
  place('/usr/share/edk2/x64/OVMF_CODE.4m.fd', '/usr/share/edk2/x64/OVMF_VARS.4m.fd'),
  place('/usr/share/AAVMF/AAVMF_CODE.fd', '/usr/share/AAVMF/AAVMF_VARS.fd', ['virt']),
];

function place(
  codePath: string,
  varsTemplatePath: string,
  chipsets: readonly Chipset[] = ['pc', 'q35'],
): UefiFirmware {
  const description = `UEFI firmware for ${chipsets.join(' and ')}`;
  return { description, codePath, varsTemplatePath, secureBoot: 'none', chipsets };
}

export async function findUefiFirmware(
  folders: readonly string[] = descriptorFolders,
): Promise<readonly UefiFirmware[]> {
  const found: UefiFirmware[] = [];
  for (const path of await descriptorPaths(folders)) {
    const firmware = await readDescriptor(path);
    if (firmware && (await exists(firmware))) found.push(firmware);
  }
  if (found.length > 0) return found;
  const usual = await Promise.all(
    usualPlaces.map(async (firmware) => ((await exists(firmware)) ? [firmware] : [])),
  );
  return usual.flat();
}

/** In the order of their names; a name in an earlier folder hides the same name in a later one. */
async function descriptorPaths(folders: readonly string[]): Promise<readonly string[]> {
  const byName = new Map<string, string>();
  for (const folder of folders) {
    const files = await readdir(folder).catch(() => []);
    for (const name of files.slice(0, maxDescriptors)) {
      if (name.endsWith('.json') && !byName.has(name)) byName.set(name, join(folder, name));
    }
  }
  return [...byName.keys()].sort().map((name) => byName.get(name) ?? '');
}

/** Undefined for what is not ours: another board, another kind, a malformed file. */
async function readDescriptor(path: string): Promise<UefiFirmware | undefined> {
  try {
    if ((await stat(path)).size > maxDescriptorBytes) return undefined;
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return fromDescriptor(parseDescriptor(value, ''));
  } catch {
    return undefined;
  }
}

const chipsetPatterns: readonly (readonly [chipset: Chipset, prefix: string])[] = [
  ['pc', 'pc-i440fx-'],
  ['q35', 'pc-q35-'],
  ['virt', 'virt-'],
];

function fromDescriptor(descriptor: Descriptor): UefiFirmware | undefined {
  const chipsets = chipsetPatterns
    .filter(([chipset, prefix]) =>
      descriptor.targets.some(
        ({ architecture, machines }) =>
          architecture === chipsetArchitectures[chipset] &&
          machines.some((machine) => machine.startsWith(prefix)),
      ),
    )
    .map(([chipset]) => chipset);
  const { features, mapping } = descriptor;
  // Firmware for encrypted memory needs more than a pair of flash images.
  const confidential = features.includes('amd-sev-es') && !features.includes('acpi-s3');
  if (chipsets.length === 0 || confidential) return undefined;
  if (!descriptor['interface-types'].includes('uefi')) return undefined;
  return {
    description: descriptor.description,
    codePath: mapping.executable.filename,
    varsTemplatePath: mapping['nvram-template'].filename,
    secureBoot: secureBootOf(features),
    chipsets,
  };
}

function secureBootOf(features: readonly string[]): UefiFirmware['secureBoot'] {
  if (!features.includes('secure-boot')) return 'none';
  return features.includes('enrolled-keys') ? 'enrolled' : 'possible';
}

async function exists(firmware: UefiFirmware): Promise<boolean> {
  try {
    await access(firmware.codePath);
    await access(firmware.varsTemplatePath);
    return true;
  } catch {
    return false;
  }
}
