/** The words of the dialog that writes a vm for another product. */
import type { ExportTarget } from '#api';
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  hint: 'Its disks are copied into the format that is run there, with a configuration beside them. The vm stays as it is.',
  product: 'For',
  path: 'On its host, as',
  folderHint: 'A folder that is made for it, in one where vms may have files.',
  fileHint: 'A path that ends in .ova becomes one file; another one becomes a folder.',
  moveToIde: 'Put disks on free IDE positions: the guest has the driver for them',
  discardState: 'Without its saved state, which fits no other product',
  signature: 'Signature',
  signWith: 'Sign with',
  signHint: 'A PEM file of its host with a private key and its certificate. Empty: unsigned.',
  save: 'Save it on this computer, too, when it is done',
  anyProduct: 'OVF package (VMware, VirtualBox and others)',
} as const;
export type ExportTextKey = keyof typeof english;

const german: Readonly<Record<ExportTextKey, string>> = {
  hint: 'Ihre Platten werden in das Format kopiert, das dort läuft, mit einer Konfiguration daneben. Die VM bleibt, wie sie ist.',
  product: 'Für',
  path: 'Auf ihrem Host, als',
  folderHint: 'Ein Ordner, der dafür angelegt wird, in einem, in dem VMs Dateien haben dürfen.',
  fileHint: 'Ein Pfad, der mit .ova endet, wird eine Datei, ein anderer ein Ordner.',
  moveToIde: 'Platten an freie IDE-Plätze setzen: Das Gastsystem hat den Treiber dafür',
  discardState: 'Ohne ihren gespeicherten Zustand, der zu keinem anderen Produkt passt',
  signature: 'Signatur',
  signWith: 'Signieren mit',
  signHint:
    'Eine PEM-Datei ihres Hosts mit einem privaten Schlüssel und dessen Zertifikat. Leer: ohne Signatur.',
  save: 'Danach auch auf diesem Computer speichern',
  anyProduct: 'OVF-Paket (VMware, VirtualBox und andere)',
};

export const exportLanguages = { of: 'export', en: english, de: german };

export function useExportText(): OwnText<ExportTextKey> {
  return useOwnText<ExportTextKey>(exportLanguages);
}

/** As their makers call them. */
export const productNames: Readonly<Record<Exclude<ExportTarget, 'ovf'>, string>> = {
  'vmware-workstation': 'VMware Workstation',
  'vmware-player': 'VMware Player',
  'vmware-esx': 'VMware ESX',
  'vmware-server': 'VMware Server',
  'hyper-v': 'Hyper-V',
  libvirt: 'libvirt',
  'virtual-pc-2004': 'Virtual PC 2004',
  'virtual-server-2005': 'Virtual Server 2005',
};
