/** The words of a hypervisor's networks and storage pools, which are asked for with their tab. */
import type { HypervisorPlace } from '#api';
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  explain:
    'As the hypervisor has them. What is done here is done there, and its own tools show it.',
  ofAgent:
    'This host runs with an agent: its networks are those of Gantry, and its disks lie in its folders.',
  networks: 'Networks',
  pools: 'Storage pools',
  'none.networks': 'It has no networks.',
  'none.pools': 'It has no storage pools.',
  yes: 'Yes',
  no: 'No',
  active: 'Active',
  inactive: 'Inactive',
  autostart: 'Starts with its host',
  persistent: 'Defined',
  transient: 'Gone when it stops',
  capacity: 'Capacity',
  free: 'Free',
  path: 'Path',
  'define.networks': 'Define network',
  'define.pools': 'Define storage pool',
  'edit.networks': 'Change network {name}',
  'edit.pools': 'Change storage pool {name}',
  xml: "libvirt's description (XML)",
  xmlHelp: 'It takes effect at the next start. A description may reach any file of the host.',
  define: 'Define',
  start: 'Start',
  stop: 'Stop',
  refresh: 'Look into it again',
  withHost: 'Start with the host',
  notWithHost: 'No longer start with the host',
  edit: 'Change its description',
  undefine: 'Forget its definition',
  'stop.title': 'Stop {name}',
  'stop.networks': 'Whoever is on it is cut off, running vms among them.',
  'stop.pools':
    'Its volumes are not listed, and no vm with disks in it starts, until it is started again. Vms that run go on.',
  'undefine.title': 'Forget the definition of {name}',
  'undefine.networks': 'The network is gone with its end.',
  'undefine.pools': 'The storage pool is gone with its end; its volumes stay where they are.',
  done: '{verb}: {name}',
} as const;
export type PlaceKey =
  keyof typeof english | `${'none' | 'define' | 'edit' | 'stop' | 'undefine'}.${HypervisorPlace}`;

const german: Readonly<Record<PlaceKey, string>> = {
  explain:
    'Wie der Hypervisor sie hat. Was hier geschieht, geschieht dort, und seine eigenen Werkzeuge zeigen es.',
  ofAgent:
    'Dieser Host läuft mit einem Agenten: Seine Netzwerke sind die von Gantry, und seine Platten liegen in seinen Ordnern.',
  networks: 'Netzwerke',
  pools: 'Speicherpools',
  'none.networks': 'Er hat keine Netzwerke.',
  'none.pools': 'Er hat keine Speicherpools.',
  yes: 'Ja',
  no: 'Nein',
  active: 'Aktiv',
  inactive: 'Inaktiv',
  autostart: 'Startet mit dem Host',
  persistent: 'Definiert',
  transient: 'Nach dem Anhalten weg',
  capacity: 'Größe',
  free: 'Frei',
  path: 'Pfad',
  'define.networks': 'Netzwerk definieren',
  'define.pools': 'Speicherpool definieren',
  'edit.networks': 'Netzwerk {name} ändern',
  'edit.pools': 'Speicherpool {name} ändern',
  xml: 'Beschreibung von libvirt (XML)',
  xmlHelp: 'Sie gilt vom nächsten Start an. Eine Beschreibung kann an jede Datei des Hosts kommen.',
  define: 'Definieren',
  start: 'Starten',
  stop: 'Anhalten',
  refresh: 'Neu hineinsehen',
  withHost: 'Mit dem Host starten',
  notWithHost: 'Nicht mehr mit dem Host starten',
  edit: 'Beschreibung ändern',
  undefine: 'Definition vergessen',
  'stop.title': '{name} anhalten',
  'stop.networks': 'Wer daran ist, wird abgeschnitten, auch laufende VMs.',
  'stop.pools':
    'Seine Volumes werden nicht gezeigt, und keine VM mit Platten darin startet, bis er wieder gestartet ist. Laufende VMs laufen weiter.',
  'undefine.title': 'Definition von {name} vergessen',
  'undefine.networks': 'Das Netzwerk ist mit seinem Ende weg.',
  'undefine.pools': 'Der Speicherpool ist mit seinem Ende weg; seine Volumes bleiben, wo sie sind.',
  done: '{verb}: {name}',
};

export const placeLanguages = { of: 'hypervisor-places', en: english, de: german };

export function usePlaceText(): OwnText<PlaceKey> {
  return useOwnText<PlaceKey>(placeLanguages);
}
