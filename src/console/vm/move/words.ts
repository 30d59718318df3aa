/** The words of the dialog that moves a vm. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  host: 'To host',
  here: '{host}, where it is',
  cannot: '{host} – {reason}',
  noAgent: 'no agent runs on it',
  otherHost:
    'It goes with all of its folder: disks, snapshots, saved state, firmware variables and TPM.',
  sameHost: 'Only its files move, to another folder of the host.',
  path: 'Folder of the host for its files',
  usualPath: 'the usual one of the host',
  whichPath: 'for example /srv/vms',
  warnings: 'What is to be known before',
} as const;
export type MoveTextKey = keyof typeof english;
export type MoveText = OwnText<MoveTextKey>;

const german: Readonly<Record<MoveTextKey, string>> = {
  host: 'Auf den Host',
  here: '{host}, wo sie ist',
  cannot: '{host} – {reason}',
  noAgent: 'auf ihm läuft kein Agent',
  otherHost:
    'Sie geht mit ihrem ganzen Ordner: Platten, Sicherungspunkte, gesicherter Zustand, Firmware-Variablen und TPM.',
  sameHost: 'Nur ihre Dateien gehen in einen anderen Ordner des Hosts.',
  path: 'Ordner des Hosts für ihre Dateien',
  usualPath: 'der übliche des Hosts',
  whichPath: 'zum Beispiel /srv/vms',
  warnings: 'Vorher zu wissen',
};

export const moveLanguages = { en: english, de: german };

export function useMoveText(): MoveText {
  return useOwnText<MoveTextKey>(moveLanguages);
}
