/** The words of the dialog that copies a vm. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  kind: 'Kind of copy',
  full: 'Full: its disks are copies, and it needs nothing of the original',
  linked: 'Linked: its disks hold only what differs from those of the original',
  source: 'Like',
  present: 'The virtual machine as it is now',
  snapshot: 'Snapshot {name}, {time}',
  sameHost: 'A copy is made on the host of the original: {host}',
  path: 'Folder of the host for its files',
  usualPath: 'the usual one of the host',
  quiesce: 'Quiesced: the guest agent flushes file systems and holds them for that moment',
  generalised:
    'The guest was generalised (sysprep, cloud-init clean): it has no identity of its own',
  warnings: 'What is to be known before',
} as const;
export type CloneTextKey = keyof typeof english;

const german: Readonly<Record<CloneTextKey, string>> = {
  kind: 'Art der Kopie',
  full: 'Vollständig: Ihre Platten sind Kopien, und sie braucht nichts vom Original',
  linked: 'Verknüpft: Ihre Platten halten nur, was von denen des Originals abweicht',
  source: 'Wie',
  present: 'Die virtuelle Maschine, wie sie jetzt ist',
  snapshot: 'Sicherungspunkt {name}, {time}',
  sameHost: 'Eine Kopie entsteht auf dem Host des Originals: {host}',
  path: 'Ordner des Hosts für ihre Dateien',
  usualPath: 'der übliche des Hosts',
  quiesce: 'Beruhigt: Der Gast schreibt seine Dateisysteme fest und hält sie für den Moment an',
  generalised:
    'Der Gast wurde verallgemeinert (sysprep, cloud-init clean): Er hat keine eigene Identität',
  warnings: 'Vorher zu wissen',
};

export const cloneLanguages = { of: 'clone', en: english, de: german };

export function useCloneText(): OwnText<CloneTextKey> {
  return useOwnText<CloneTextKey>(cloneLanguages);
}
