/** The words of the dialog by which a disk of a vm becomes larger. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  size: 'New size in GiB',
  before: 'Size now',
  after: 'Size then',
  onlyLarger:
    'Disks of virtual machines only become larger. To have less, detach it, and make its file smaller on the pages of its host.',
  tooLarge: 'A disk has at most {most}.',
  live: 'The guest sees the space at once, while it runs; its partitions and file systems it enlarges itself.',
  cold: 'The guest sees the space when it starts; its partitions and file systems it enlarges itself.',
} as const;
export type GrowTextKey = keyof typeof english;

const german: Readonly<Record<GrowTextKey, string>> = {
  size: 'Neue Größe in GiB',
  before: 'Größe jetzt',
  after: 'Größe dann',
  onlyLarger:
    'Platten virtueller Maschinen werden nur größer. Soll es weniger sein, wird sie getrennt und ihre Datei auf den Seiten des Hosts verkleinert.',
  tooLarge: 'Eine Platte hat höchstens {most}.',
  live: 'Der Gast sieht den Platz sofort, während er läuft; Partitionen und Dateisysteme vergrößert er selbst.',
  cold: 'Der Gast sieht den Platz, wenn er startet; Partitionen und Dateisysteme vergrößert er selbst.',
};

export const growLanguages = { of: 'grow', en: english, de: german };

export function useGrowText(): OwnText<GrowTextKey> {
  return useOwnText<GrowTextKey>(growLanguages);
}
