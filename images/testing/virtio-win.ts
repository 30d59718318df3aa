/**
 * A CD in the layout of virtio-win.iso, with files of the right names and made-up content: DRIVER/VERSION/ARCHITECTURE,
 * the drivers of disks once more by architecture, the guest agent's installers, and what is not for a machine at all.
 */
import { createHash } from 'node:crypto';
import { createIso, type IsoFile } from '../iso.ts';

const systems = {
  xp: ['x86', 'amd64'],
  '2k3': ['x86', 'amd64'],
  w7: ['x86', 'amd64'],
  w10: ['x86', 'amd64', 'ARM64'],
  '2k22': ['amd64'],
} as const;

/** Of files that lie beside each other in a driver's folder. */
const parts = {
  viostor: ['viostor.inf', 'viostor.sys', 'viostor.cat', 'viostor.pdb'],
  vioscsi: ['vioscsi.inf', 'vioscsi.sys', 'vioscsi.cat', 'vioscsi.pdb'],
  NetKVM: ['netkvm.inf', 'netkvm.sys', 'netkvm.cat', 'netkvmco.dll', 'netkvm.pdb', 'readme.doc'],
  vioserial: ['vioser.inf', 'vioser.sys', 'vioser.cat', 'WdfCoInstaller01011.dll'],
  Balloon: ['balloon.inf', 'balloon.sys', 'balloon.cat', 'blnsvr.exe'],
  qxl: ['qxl.inf', 'qxl.sys', 'qxldd.dll'],
} as const;

/** Server 2008 and later alone have it. */
const withoutScsi = new Set(['xp', '2k3']);

export const storageIds = [
  'PCI\\VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00',
  'PCI\\VEN_1AF4&DEV_1042&SUBSYS_11001AF4&REV_01',
] as const;

const storageInf = [
  '[Version]',
  'Signature="$WINDOWS NT$"',
  '; PCI\\VEN_DEAD&DEV_BEEF is of another',
  '[RHEL]',
  ...storageIds.map((id) => `%VirtioScsi.DeviceDesc% = rhelscsi_inst, ${id}`),
  '',
].join('\r\n');

export function contentOf(path: string): Buffer {
  if (path.startsWith('viostor/') && path.endsWith('.inf'))
    // As the makers of Windows write them: some in UTF-16.
    return path.includes('/xp/')
      ? Buffer.from(`\ufeff${storageInf}`, 'utf16le')
      : Buffer.from(storageInf);
  const seed = createHash('sha512')
    .update(path.split('/').at(-1) ?? '')
    .update(path)
    .digest();
  return Buffer.concat(Array.from({ length: 512 }, () => seed));
}

export function virtioWinPaths(): readonly string[] {
  const paths = [
    'virtio-win_license.txt',
    'guest-agent/qemu-ga-x86_64.msi',
    'guest-agent/qemu-ga-i386.msi',
    'virtio-win-gt-x64.msi',
    'data/info.json',
    'amd64/w10/viostor.inf',
  ];
  for (const [driver, files] of Object.entries(parts))
    for (const [version, architectures] of Object.entries(systems)) {
      if (driver === 'vioscsi' && withoutScsi.has(version)) continue;
      for (const architecture of architectures)
        paths.push(...files.map((file) => `${driver}/${version}/${architecture}/${file}`));
    }
  return paths;
}

export async function makeVirtioWin(
  path: string,
  wants: (path: string) => boolean = () => true,
): Promise<void> {
  const files: IsoFile[] = virtioWinPaths()
    .filter(wants)
    .map((name) => ({ path: name, data: contentOf(name) }));
  await createIso({ path, label: 'virtio-win-0-1-271', files });
}
