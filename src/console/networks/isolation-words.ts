/** The words of who can read whose traffic: the contract's own in English. */
import {
  isolationReaders,
  isolationReads,
  isolationTraffic,
  type IsolationReader,
  type IsolationReads,
  type IsolationTraffic,
} from '#api';
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

type IsolationTextKey =
  | 'title'
  | 'reader'
  | 'besides'
  | `reader.${IsolationReader}`
  | `traffic.${IsolationTraffic}`
  | `reads.${IsolationReads}`;

const english: Readonly<Record<IsolationTextKey, string>> = {
  title: 'Who can read whose traffic',
  reader: 'Can read of the traffic',
  besides: 'Whoever administers a host can capture at any port of it besides.',
  'reader.guests': isolationReaders.guests,
  'reader.host': isolationReaders.host,
  'reader.physical': isolationReaders.physical,
  'reader.others': isolationReaders.others,
  'traffic.between': isolationTraffic.between,
  'traffic.outside': isolationTraffic.outside,
  'traffic.host': isolationTraffic.host,
  'traffic.physical': isolationTraffic.physical,
  'traffic.others': isolationTraffic.others,
  'reads.nothing': isolationReads.nothing,
  'reads.broadcasts': isolationReads.broadcasts,
  'reads.addressed': isolationReads.addressed,
  'reads.all': isolationReads.all,
};

const german: Readonly<Record<IsolationTextKey, string>> = {
  title: 'Wer wessen Verkehr lesen kann',
  reader: 'Kann vom Verkehr lesen',
  besides: 'Wer einen Host verwaltet, kann außerdem an jedem seiner Anschlüsse mitschneiden.',
  'reader.guests': 'die anderen Gäste des Netzwerks',
  'reader.host': 'der Host',
  'reader.physical': 'Geräte des physischen Netzes',
  'reader.others': 'Gäste anderer Netzwerke',
  'traffic.between': 'zwischen zwei Gästen des Netzwerks',
  'traffic.outside': 'zwischen einem Gast und anderen als Gästen des Netzwerks',
  'traffic.host': 'des Hosts selbst',
  'traffic.physical': 'des physischen Netzes',
  'traffic.others': 'anderer Netzwerke',
  'reads.nothing': 'nichts davon',
  'reads.broadcasts': 'nur Broadcasts und Multicasts',
  'reads.addressed': 'nur, was an sie gerichtet ist, Broadcasts und Multicasts',
  'reads.all': 'alles davon',
};

export const isolationLanguages = { of: 'isolation', en: english, de: german };

export function useIsolationText(): OwnText<IsolationTextKey> {
  return useOwnText<IsolationTextKey>(isolationLanguages);
}
