/** The words of the dialog that moves a vm. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  host: 'To host',
  here: '{host}, where it is',
  cannot: '{host} – {reason}',
  noAgent: 'no agent runs on it',
  noLibvirt: 'it is not reached over libvirt',
  simulatedThere: 'it is simulated, and keeps no content of disks',
  simulatedHere: 'this vm is simulated, its disks have no content',
  otherHost:
    'It goes with all of its folder: disks, snapshots, saved state, firmware variables and TPM.',
  asItRuns: 'It goes as it is, running, paused or off. Snapshots and saved states stay behind.',
  goesOn:
    'It goes on working while it moves with all of its folder, and stands still for a moment at the end.',
  chooseHost: 'Choose a host to which it goes.',
  disks: 'Its disks',
  copyDisks: 'Copied to the same paths there',
  copyHint:
    'The other host needs storage pools with these folders. Afterwards they are deleted here.',
  sharedDisks: 'Both hosts have them',
  sharedHint: 'On storage of both, as NFS. A vm that is off moves only so.',
  sameHost: 'Only its files move, to another folder of the host.',
  path: 'Folder of the host for its files',
  usualPath: 'the usual one of the host',
  whichPath: 'for example /srv/vms',
  pace: 'Bandwidth limit',
  paceHint: 'Each of its disks, and its memory. Empty: as fast as they can. At least 64 KiB/s.',
  warnings: 'What is to be known before',
} as const;
export type MoveTextKey = keyof typeof english;
export type MoveText = OwnText<MoveTextKey>;

const german: Readonly<Record<MoveTextKey, string>> = {
  host: 'Auf den Host',
  here: '{host}, wo sie ist',
  cannot: '{host} – {reason}',
  noAgent: 'auf ihm läuft kein Agent',
  noLibvirt: 'er wird nicht über libvirt erreicht',
  simulatedThere: 'er ist simuliert und bewahrt keinen Inhalt von Platten',
  simulatedHere: 'diese VM ist simuliert, ihre Platten haben keinen Inhalt',
  otherHost:
    'Sie geht mit ihrem ganzen Ordner: Platten, Sicherungspunkte, gesicherter Zustand, Firmware-Variablen und TPM.',
  asItRuns:
    'Sie geht, wie sie ist: laufend, angehalten oder aus. Sicherungspunkte und gesicherte Zustände bleiben zurück.',
  goesOn:
    'Sie arbeitet weiter, während sie mit ihrem ganzen Ordner umzieht, und steht am Ende einen Moment lang still.',
  chooseHost: 'Wählen Sie einen Host, auf den sie geht.',
  disks: 'Ihre Platten',
  copyDisks: 'Werden dort an dieselben Pfade kopiert',
  copyHint:
    'Der andere Host braucht Speicherpools mit diesen Ordnern. Hier werden sie danach gelöscht.',
  sharedDisks: 'Beide Hosts haben sie',
  sharedHint: 'Auf gemeinsamem Speicher, etwa NFS. Eine ausgeschaltete VM geht nur auf diesem Weg.',
  sameHost: 'Nur ihre Dateien gehen in einen anderen Ordner des Hosts.',
  path: 'Ordner des Hosts für ihre Dateien',
  usualPath: 'der übliche des Hosts',
  whichPath: 'zum Beispiel /srv/vms',
  pace: 'Bandbreitengrenze',
  paceHint:
    'Jede ihrer Platten und ihr Arbeitsspeicher. Leer: so schnell es geht. Mindestens 64 KiB/s.',
  warnings: 'Vorher zu wissen',
};

export const moveLanguages = { of: 'move', en: english, de: german };

export function useMoveText(): MoveText {
  return useOwnText<MoveTextKey>(moveLanguages);
}
