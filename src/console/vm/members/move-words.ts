/** The words of the dialog by which a disk of a vm goes to another folder. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  folder: 'Folder on the host',
  before: 'File now',
  after: 'File then',
  live: 'It is copied while the guest works, and can be cancelled until then. Nothing is lost whatever ends meanwhile.',
  cold: 'It is moved at once on the same volume, and copied to another one.',
  layered:
    'Its snapshots and undo disks go with it. What it shares with linked clones stays where it is: make the disks of the vm its own first.',
} as const;
export type MoveDiskTextKey = keyof typeof english;

const german: Readonly<Record<MoveDiskTextKey, string>> = {
  folder: 'Ordner auf dem Host',
  before: 'Datei jetzt',
  after: 'Datei dann',
  live: 'Sie wird kopiert, während der Gast arbeitet, und kann bis dahin abgebrochen werden. Es geht nichts verloren, was immer dabei endet.',
  cold: 'Auf demselben Datenträger ist sie sofort verschoben, auf einen anderen wird sie kopiert.',
  layered:
    'Ihre Sicherungspunkte und Rückgängig-Platten gehen mit. Was sie mit verknüpften Klonen teilt, bleibt, wo es ist: dann vorher die Platten der VM eigenständig machen.',
};

export const moveDiskLanguages = { of: 'move-disk', en: english, de: german };

export function useMoveDiskText(): OwnText<MoveDiskTextKey> {
  return useOwnText<MoveDiskTextKey>(moveDiskLanguages);
}
