/** The words of the adapters of a host, which are asked for with their tab. */
import type { AdapterUse, HostAdapter } from '#api';
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  createForHost: 'Create its usual networks',
  wouldCreate: 'These networks would be created; those that are there stay as they are:',
  internal: '{name}: internal',
  bridged: '{name}: bridged at {adapter}',
  allThere: 'All of them are there already.',
  toShare:
    'Addresses of the host are on {names}: vms can be on such a network once host and networks share the adapter, which is changed in its row.',
  created: 'Created: {name}',
  none: 'It has no network adapters.',
  carries: 'Carries',
  use: 'Used for',
  speed: 'Speed',
  networks: 'Networks on it',
  change: 'Change what {name} is for',
  tried: '{name} is tried as “{use}” until {until}, and is used as before then.',
  saved:
    'While it is tried what does not answer undoes it. It is kept when the answer reaches you.',
  'use.any': 'Any: a bridged network may be on it while the host has no address there',
  'use.host': 'The host alone: no network may be on it',
  'use.networks': "Networks alone: the host's addresses are taken off it",
  'use.shared': "Host and networks share it: the host's addresses move to a bridge",
  'link.up': 'Up',
  'link.no-link': 'No link',
  'link.disabled': 'Switched off',
  'carries.coordinator': 'way to the coordinator',
  'carries.default-route': 'default route',
} as const;
type TextKey =
  | keyof typeof english
  | `use.${AdapterUse}`
  | `link.${HostAdapter['link']}`
  | `carries.${HostAdapter['carries'][number]}`;

const german: Readonly<Record<TextKey, string>> = {
  createForHost: 'Übliche Netzwerke anlegen',
  wouldCreate: 'Diese Netzwerke würden angelegt; was es schon gibt, bleibt, wie es ist:',
  internal: '{name}: intern',
  bridged: '{name}: überbrückt an {adapter}',
  allThere: 'Es gibt sie alle schon.',
  toShare:
    'Adressen des Hosts sind an {names}: VMs können erst an einem solchen Netzwerk sein, wenn Host und Netzwerke den Adapter teilen; das wird in seiner Zeile geändert.',
  created: 'Angelegt: {name}',
  none: 'Er hat keine Netzwerkadapter.',
  carries: 'Trägt',
  use: 'Benutzt für',
  speed: 'Geschwindigkeit',
  networks: 'Netzwerke daran',
  change: 'Ändern, wofür {name} ist',
  tried: '{name} wird bis {until} als „{use}“ erprobt und danach wie vorher benutzt.',
  saved:
    'Was bei der Erprobung nicht antwortet, macht sie rückgängig. Behalten wird sie, wenn die Antwort Sie erreicht.',
  'use.any':
    'Alles: Ein überbrücktes Netzwerk darf daran sein, solange der Host dort keine Adresse hat',
  'use.host': 'Nur der Host: Kein Netzwerk darf daran sein',
  'use.networks': 'Nur Netzwerke: Die Adressen des Hosts werden von ihm genommen',
  'use.shared': 'Host und Netzwerke teilen ihn: Die Adressen des Hosts kommen auf eine Brücke',
  'link.up': 'Verbunden',
  'link.no-link': 'Keine Verbindung',
  'link.disabled': 'Ausgeschaltet',
  'carries.coordinator': 'Weg zum Koordinator',
  'carries.default-route': 'Standardroute',
};

export const adapterLanguages = { of: 'adapters', en: english, de: german };

export function useAdapterText(): OwnText<TextKey> {
  return useOwnText<TextKey>(adapterLanguages);
}
