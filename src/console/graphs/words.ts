/** The words of graphs, which are asked for with them. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';
import type { Range } from './ranges.ts';

const english = {
  'range.hour': 'Hour',
  'range.day': 'Day',
  'range.week': 'Week',
  'range.month': 'Month',
  'range.year': 'Year',
  range: 'How far back',
  cpu: 'Processor',
  memory: 'Memory',
  disk: 'Disk',
  operations: 'Disk operations',
  network: 'Network',
  diskSpace: 'Disk space',
  volumes: 'Free space of volumes',
  vms: 'Running virtual machines',
  load: 'Load',
  reserved: 'Promised to vms',
  resident: 'Resident on the host',
  inGuest: 'Used in the guest',
  allFiles: 'All files',
  free: 'Free for vms',
  read: 'Read',
  written: 'Written',
  reads: 'Reads',
  writes: 'Writes',
  received: 'Received',
  sent: 'Sent',
  freeSpace: 'Free',
  running: 'Running',
  ofVms: 'of its vms together',
  nothing: 'Nothing is known of this time.',
  describe: '{title}, {time}: {values}',
  explain:
    'Lines are averages of {step}; the area around them reaches from the least to the greatest value. Where there is no line nothing is known: the machine was off, or its host away.',
} as const;
export type GraphTextKey = keyof typeof english | `range.${Range}`;

const german: Readonly<Record<GraphTextKey, string>> = {
  'range.hour': 'Stunde',
  'range.day': 'Tag',
  'range.week': 'Woche',
  'range.month': 'Monat',
  'range.year': 'Jahr',
  range: 'Zeitraum',
  cpu: 'Prozessor',
  memory: 'Arbeitsspeicher',
  disk: 'Platten',
  operations: 'Plattenzugriffe',
  network: 'Netzwerk',
  diskSpace: 'Plattenplatz',
  volumes: 'Freier Platz der Datenträger',
  vms: 'Laufende virtuelle Maschinen',
  load: 'Auslastung',
  reserved: 'VMs zugesagt',
  resident: 'Auf dem Host belegt',
  inGuest: 'Im Gast belegt',
  allFiles: 'Alle Dateien',
  free: 'Frei für VMs',
  read: 'Gelesen',
  written: 'Geschrieben',
  reads: 'Lesezugriffe',
  writes: 'Schreibzugriffe',
  received: 'Empfangen',
  sent: 'Gesendet',
  freeSpace: 'Frei',
  running: 'Laufend',
  ofVms: 'aller ihrer VMs',
  nothing: 'Von dieser Zeit ist nichts bekannt.',
  describe: '{title}, {time}: {values}',
  explain:
    'Linien sind Mittelwerte über {step}; die Fläche um sie reicht vom kleinsten bis zum größten Wert. Wo keine Linie ist, ist nichts bekannt: Die Maschine war aus oder ihr Host nicht erreichbar.',
};

export const graphLanguages = { of: 'graphs', en: english, de: german };

export type GraphText = OwnText<GraphTextKey>;

export function useGraphText(): GraphText {
  return useOwnText<GraphTextKey>(graphLanguages);
}
