/** The words of the page of the files inside a disk. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  files: 'Files inside {file}',
  starting: 'The disk is being opened. The first time on a host this takes a while.',
  systems: 'Partitions and file systems',
  partition: 'Partition',
  wholeDisk: 'Whole disk',
  holds: 'Holds',
  label: 'Label',
  begins: 'Begins at',
  size: 'Size',
  unreadable: 'It cannot be looked into.',
  empty: 'The folder is empty.',
  kind: 'Kind',
  'kind.file': 'File',
  'kind.folder': 'Folder',
  'kind.link': 'Link',
  'kind.other': 'Other',
  changed: 'Changed',
  owner: 'Owner',
  mode: 'Permissions',
  save: 'Save',
  saveNamed: 'Save {name}',
  saveFolder: 'Save the folder as an archive',
  put: 'Put files in',
  putIn: 'Put files into {path}',
  files_: 'Files of this computer, at most 64 MiB each',
  readOnly: 'It is only looked at: {reason}',
  path: 'Folders above',
  disk: 'Disk',
  ofSnapshot: 'As they were at {time}, in the snapshot {name} of {vm}.',
  snapshots: 'To its snapshots',
  back: 'Put back',
  backNamed: 'Put back {name}',
  backInto: 'Put back {path} into {vm}',
  backBody:
    'The file in the disk of {vm} becomes what it is in the snapshot {snapshot}, of a folder every file that it has there. What they hold now is lost; all else stays as it is.',
  backOff: '{vm} is not off: a file is put into its disk only while it is off.',
} as const;
export type InnerTextKey = keyof typeof english;

const german: Readonly<Record<InnerTextKey, string>> = {
  files: 'Dateien in {file}',
  starting: 'Die Festplatte wird geöffnet. Beim ersten Mal auf einem Host dauert das eine Weile.',
  systems: 'Partitionen und Dateisysteme',
  partition: 'Partition',
  wholeDisk: 'Ganze Festplatte',
  holds: 'Inhalt',
  label: 'Bezeichnung',
  begins: 'Beginnt bei',
  size: 'Größe',
  unreadable: 'Man kann nicht hineinsehen.',
  empty: 'Der Ordner ist leer.',
  kind: 'Art',
  'kind.file': 'Datei',
  'kind.folder': 'Ordner',
  'kind.link': 'Verknüpfung',
  'kind.other': 'Anderes',
  changed: 'Geändert',
  owner: 'Besitzer',
  mode: 'Rechte',
  save: 'Speichern',
  saveNamed: '{name} speichern',
  saveFolder: 'Ordner als Archiv speichern',
  put: 'Dateien hineintun',
  putIn: 'Dateien in {path} tun',
  files_: 'Dateien dieses Computers, je höchstens 64 MiB',
  readOnly: 'Sie wird nur angesehen: {reason}',
  path: 'Ordner darüber',
  disk: 'Platte',
  ofSnapshot: 'Wie sie am {time} waren, im Sicherungspunkt {name} von {vm}.',
  snapshots: 'Zu ihren Sicherungspunkten',
  back: 'Zurücklegen',
  backNamed: '{name} zurücklegen',
  backInto: '{path} in {vm} zurücklegen',
  backBody:
    'Die Datei auf der Platte von {vm} wird, was sie im Sicherungspunkt {snapshot} ist, von einem Ordner jede Datei, die er dort hat. Was sie jetzt enthalten, geht verloren; alles andere bleibt, wie es ist.',
  backOff: '{vm} ist nicht aus: Nur solange sie aus ist, wird eine Datei auf ihre Platte gelegt.',
};

export const innerLanguages = { of: 'files', en: english, de: german };

export type InnerText = OwnText<InnerTextKey>;

export function useInnerText(): InnerText {
  return useOwnText<InnerTextKey>(innerLanguages);
}
