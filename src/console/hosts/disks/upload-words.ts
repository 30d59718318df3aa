/** The words of the dialog by which a file of this computer comes to a host. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  title: 'Upload a file to {host}',
  file: 'File of this computer',
  folder: 'Folder on the host',
  name: 'Name there',
  unpack: 'Unpack it on its way ({packing})',
  unpackHelp: 'A zip must have one file in it.',
  upload: 'Upload',
  stop: 'Stop',
  goOn: 'Go on',
  progress: 'Progress of the upload',
  share: '{done} of {total}, {rate}/s',
  left: '{share}, {time} left',
  broke: 'The connection broke, and is tried again.',
  stopped: 'It stopped. What has come is kept for a day: choose the same file and name to go on.',
  whileOpen: 'It goes on while this window is open.',
  under: 'On their way',
  came: '{done} of {total}',
  giveUp: 'Give up',
  giveUpNamed: 'Give up {name}',
  close: 'Close',
  done: '{name} is on {host}.',
} as const;
export type UploadTextKey = keyof typeof english;

const german: Readonly<Record<UploadTextKey, string>> = {
  title: 'Eine Datei auf {host} hochladen',
  file: 'Datei dieses Computers',
  folder: 'Ordner auf dem Host',
  name: 'Name dort',
  unpack: 'Unterwegs auspacken ({packing})',
  unpackHelp: 'Ein zip muss genau eine Datei enthalten.',
  upload: 'Hochladen',
  stop: 'Anhalten',
  goOn: 'Weiter',
  progress: 'Fortschritt des Hochladens',
  share: '{done} von {total}, {rate}/s',
  left: '{share}, noch {time}',
  broke: 'Die Verbindung ist abgebrochen und wird neu versucht.',
  stopped:
    'Angehalten. Was angekommen ist, bleibt einen Tag: Mit derselben Datei und demselben Namen geht es weiter.',
  whileOpen: 'Es geht weiter, solange dieses Fenster offen ist.',
  under: 'Unterwegs',
  came: '{done} von {total}',
  giveUp: 'Aufgeben',
  giveUpNamed: '{name} aufgeben',
  close: 'Schließen',
  done: '{name} liegt auf {host}.',
};

export const uploadLanguages = { of: 'upload', en: english, de: german };

export type UploadText = OwnText<UploadTextKey>;

export function useUploadText(): UploadText {
  return useOwnText<UploadTextKey>(uploadLanguages);
}
