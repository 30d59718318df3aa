/** The words of the dialog that takes over a vm of another product. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  hint: 'A vm of VMware, VirtualBox, Virtual PC or Virtual Server becomes one of Gantry. Its files stay as they are: the disks are copied.',
  verb: 'Import',
  source: 'Where its files are',
  onHost: 'On the host: a configuration file, its folder, or an archive',
  here: 'On this computer: an archive',
  path: 'Path on the host',
  pathHint:
    '.vmx, .vmc or .ovf, their folder, or an .ova, zip, tar, tar.gz, tar.xz or tar.zst with them',
  file: 'Archive of this computer',
  fileHint:
    'An .ova, or a zip, tar, tar.gz, tar.xz or tar.zst with a .vmx, .vmc or .ovf and its disks',
  noArchive: '{name} is not named as an archive: pack the folder of the vm as a zip or tar first.',
  archiveHint:
    'What becomes of the vm is known when the archive is unpacked. If something is in the way then, nothing is imported, and all of it is said.',
  name: 'Name',
  usualName: 'as it is called there',
  network: 'Its network adapters are plugged into',
  networkAsThere: 'What the names of its networks there are here, else user mode',
  networkOf: 'Adapter {slot}, there in {there}, is plugged into',
  networkOfUnnamed: 'Adapter {slot} is plugged into',
  found: 'Found on the host',
  foundArchive: '{path} (archive)',
  foundMore: 'There are more files than were looked at.',
  foundOther: 'Another one: its path is typed below',
  choices: 'Choices',
  origin: 'The vm there',
  'origin.moved': 'goes: this one has its UUID and addresses',
  'origin.copied': 'goes on: this one has a UUID and generated addresses of its own',
  snapshots: 'Its snapshots',
  'snapshots.flatten': 'are left out: its disks become as they are now',
  'snapshots.import': 'come along',
  undo: 'Its undo disks',
  'undo.': 'ask, where there are any',
  'undo.commit': 'are taken over',
  'undo.discard': 'are left out',
  'undo.snapshot': 'are taken over above a snapshot without them',
  savedState: 'Its saved state',
  'savedState.': 'ask, where there is one',
  'savedState.discard': 'is left out: it fits no other product',
  takenAddresses: 'Addresses that another vm has',
  'takenAddresses.': 'ask, where there are any',
  'takenAddresses.keep': 'are kept',
  'takenAddresses.new': 'are made anew',
  start: 'Turn it on afterwards',
  below: 'Where there is more than one way on, it is chosen below, under Choices.',
  kept: 'What has come is kept on the host for a day: the same file goes on where it was.',
} as const;
export type ImportTextKey = keyof typeof english;

const german: Readonly<Record<ImportTextKey, string>> = {
  hint: 'Eine VM von VMware, VirtualBox, Virtual PC oder Virtual Server wird eine von Gantry. Ihre Dateien bleiben, wie sie sind: Die Platten werden kopiert.',
  verb: 'Importieren',
  source: 'Wo ihre Dateien sind',
  onHost: 'Auf dem Host: eine Konfigurationsdatei, ihr Ordner oder ein Archiv',
  here: 'Auf diesem Computer: ein Archiv',
  path: 'Pfad auf dem Host',
  pathHint:
    '.vmx, .vmc oder .ovf, deren Ordner oder ein .ova, zip, tar, tar.gz, tar.xz oder tar.zst damit',
  file: 'Archiv dieses Computers',
  fileHint:
    'Ein .ova oder ein zip, tar, tar.gz, tar.xz oder tar.zst mit einer .vmx, .vmc oder .ovf und ihren Platten',
  noArchive:
    '{name} heißt nicht wie ein Archiv: Packen Sie den Ordner der VM zuerst als zip oder tar.',
  archiveHint:
    'Was aus der VM wird, ist bekannt, wenn das Archiv ausgepackt ist. Steht dann etwas im Weg, wird nichts importiert und alles davon gesagt.',
  name: 'Name',
  usualName: 'wie sie dort heißt',
  network: 'Ihre Netzwerkadapter kommen an',
  networkAsThere: 'Was die Namen ihrer Netzwerke dort hier sind, sonst User-Modus',
  networkOf: 'Adapter {slot}, dort an {there}, kommt an',
  networkOfUnnamed: 'Adapter {slot} kommt an',
  found: 'Auf dem Host gefunden',
  foundArchive: '{path} (Archiv)',
  foundMore: 'Es gibt mehr Dateien, als angesehen wurden.',
  foundOther: 'Etwas anderes: Der Pfad wird unten eingegeben',
  choices: 'Auswahl',
  origin: 'Die VM dort',
  'origin.moved': 'geht: Diese hat deren UUID und Adressen',
  'origin.copied': 'bleibt: Diese hat eine eigene UUID und eigene erzeugte Adressen',
  snapshots: 'Ihre Sicherungspunkte',
  'snapshots.flatten': 'bleiben weg: Die Platten werden, wie sie jetzt sind',
  'snapshots.import': 'kommen mit',
  undo: 'Ihre Rückgängig-Platten',
  'undo.': 'nachfragen, wo es welche gibt',
  'undo.commit': 'werden übernommen',
  'undo.discard': 'bleiben weg',
  'undo.snapshot': 'werden über einem Sicherungspunkt ohne sie übernommen',
  savedState: 'Ihr gespeicherter Zustand',
  'savedState.': 'nachfragen, wo es einen gibt',
  'savedState.discard': 'bleibt weg: Er passt zu keinem anderen Produkt',
  takenAddresses: 'Adressen, die eine andere VM hat',
  'takenAddresses.': 'nachfragen, wo es welche gibt',
  'takenAddresses.keep': 'bleiben',
  'takenAddresses.new': 'werden neu vergeben',
  start: 'Danach einschalten',
  below: 'Wo es mehr als einen Weg gibt, wird er unten unter Auswahl bestimmt.',
  kept: 'Was angekommen ist, bleibt einen Tag auf dem Host: Mit derselben Datei geht es dort weiter.',
};

export const importLanguages = { of: 'import', en: english, de: german };

export type ImportText = OwnText<ImportTextKey>;

export function useImportText(): ImportText {
  return useOwnText<ImportTextKey>(importLanguages);
}
