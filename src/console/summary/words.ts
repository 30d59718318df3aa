/** The words of the summary. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  disk: 'Disks',
  network: 'Network',
  noneRuns: 'No virtual machine runs.',
  notForYou:
    'What all virtual machines use together is shown to those who may see the installation.',
  ofAll: 'Of all',
  ofTheirs: 'Of their processors',
  onHosts: 'On hosts',
  over: 'Over all hosts and connections: {hosts}',
  read: 'Read',
  received: 'Received',
  runningVms: 'Running virtual machines',
  sent: 'Sent',
  space: 'Space of files',
  written: 'Written',
} as const;

type SummaryTextKey = keyof typeof english;

const german: Readonly<Record<SummaryTextKey, string>> = {
  disk: 'Platten',
  network: 'Netzwerk',
  noneRuns: 'Keine virtuelle Maschine läuft.',
  notForYou:
    'Was alle virtuellen Maschinen zusammen brauchen, wird denen gezeigt, die die Installation sehen dürfen.',
  ofAll: 'Von allen',
  ofTheirs: 'Ihrer Prozessoren',
  onHosts: 'Auf Hosts',
  over: 'Über alle Hosts und Verbindungen: {hosts}',
  read: 'Gelesen',
  received: 'Empfangen',
  runningVms: 'Laufende virtuelle Maschinen',
  sent: 'Gesendet',
  space: 'Platz der Dateien',
  written: 'Geschrieben',
};

export const summaryLanguages = { of: 'summary', en: english, de: german };

export function useSummaryText(): OwnText<SummaryTextKey> {
  return useOwnText<SummaryTextKey>(summaryLanguages);
}
