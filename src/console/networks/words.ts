/** The words of networks, which are asked for with their pages. */
import type { NetworkType } from '#api';
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  create: 'Create network',
  add: 'Add network',
  definitionFile: 'Definition file',
  definitionHint: 'JSON, as “gantry network show NAME -o json” writes it.',
  noDefinition: '{file} is not the definition of a network.',
  none: 'No networks',
  noneFound: 'No network matches the filter',
  example: 'for example: state = degraded',
  automatic: 'one that nothing known uses',
  subnetOptional: 'Empty: it has no addresses',
  adapterHint: 'A bridge of the host, or an adapter that has no address of its own',
  acceptPhysicalDhcp:
    'I know the physical network: no other DHCP server is in the way, and nobody else has addresses of the range',
  spans: 'One network on all hosts, by tunnels between them',
  spanned: 'Spans hosts',
  tunnels: 'VXLAN {vni}, packets of up to {mtu} bytes',
  servedBy: 'Addresses and names from',
  'type.nat': 'NAT: its vms reach what the host reaches, under its address',
  'type.host-only': 'Host-only: its vms and their host reach one another, nothing beyond',
  'type.internal': 'Internal: its vms reach one another; nothing reaches the host or leaves it',
  'type.bridged': 'Bridged: its vms are on the physical network of an adapter of the host',
  'plug.network': 'A network',
  'plug.which': 'Which network',
  'plug.user': 'User-mode network (outwards, and port forwards)',
  'plug.none': 'Not connected',
  onHosts: 'On hosts',
  bridge: 'Interface',
  unusedHint: 'No vm is on it: hosts make it as soon as one of their vms has an adapter on it.',
  leases: 'Leased addresses',
  leasesNothing: 'It leases no addresses.',
  ports: 'Ports',
  noPorts: 'No vm runs at one of its ports.',
  readAgain: 'Read again',
  passed: '{bytes}, {packets} packets',
  received: 'Received',
  sent: 'Sent',
  dropped: 'Dropped packets',
  flows: 'Present flows',
  unwatched: 'not watched: no firewall',
  noLeases: 'No address is leased now.',
  until: 'Until',
  guestName: 'Name in the guest',
  unreachable: 'These hosts carry it and did not answer: {hosts}',
  stay: 'Adapters on it: {count}. They stay connected, and keep what they have leased until they renew it.',
  deleteUnused: 'No adapter of a vm is on it.',
  deleteUsed: 'Adapters on it: {count}. It is not deleted while there are any.',
} as const;
export type NetworkTextKey = keyof typeof english | `type.${NetworkType}`;

const german: Readonly<Record<NetworkTextKey, string>> = {
  create: 'Netzwerk anlegen',
  add: 'Netzwerk hinzufügen',
  definitionFile: 'Definitionsdatei',
  definitionHint: 'JSON, wie „gantry network show NAME -o json“ es schreibt.',
  noDefinition: '{file} ist keine Definition eines Netzwerks.',
  none: 'Keine Netzwerke',
  noneFound: 'Kein Netzwerk passt zum Filter',
  example: 'zum Beispiel: state = degraded',
  automatic: 'eines, das sonst nichts Bekanntes benutzt',
  subnetOptional: 'Leer: Es hat keine Adressen',
  adapterHint: 'Eine Brücke des Hosts, oder ein Adapter ohne eigene Adresse',
  acceptPhysicalDhcp:
    'Ich kenne das physische Netz: Kein anderer DHCP-Server ist im Weg, und niemand sonst hat Adressen des Bereichs',
  spans: 'Ein Netzwerk auf allen Hosts, durch Tunnel zwischen ihnen',
  spanned: 'Umfasst Hosts',
  tunnels: 'VXLAN {vni}, Pakete bis {mtu} Byte',
  servedBy: 'Adressen und Namen von',
  'type.nat': 'NAT: Seine VMs erreichen, was der Host erreicht, unter dessen Adresse',
  'type.host-only': 'Nur Host: Seine VMs und ihr Host erreichen einander, sonst nichts',
  'type.internal':
    'Intern: Seine VMs erreichen einander; nichts erreicht den Host oder geht hinaus',
  'type.bridged': 'Überbrückt: Seine VMs sind im physischen Netz eines Adapters des Hosts',
  'plug.network': 'Ein Netzwerk',
  'plug.which': 'Welches Netzwerk',
  'plug.user': 'Netz im Benutzermodus (nach außen, und Portweiterleitungen)',
  'plug.none': 'Nicht angeschlossen',
  onHosts: 'Auf Hosts',
  bridge: 'Schnittstelle',
  unusedHint:
    'Keine VM ist daran: Ein Host richtet es ein, sobald eine seiner VMs einen Adapter daran hat.',
  leases: 'Vergebene Adressen',
  leasesNothing: 'Es vergibt keine Adressen.',
  ports: 'Anschlüsse',
  noPorts: 'An keinem seiner Anschlüsse läuft eine VM.',
  readAgain: 'Neu lesen',
  passed: '{bytes}, {packets} Pakete',
  received: 'Empfangen',
  sent: 'Gesendet',
  dropped: 'Verworfene Pakete',
  flows: 'Jetzige Verbindungen',
  unwatched: 'nicht beobachtet: keine Firewall',
  noLeases: 'Zurzeit ist keine Adresse vergeben.',
  until: 'Bis',
  guestName: 'Name im Gast',
  unreachable: 'Diese Hosts führen es und haben nicht geantwortet: {hosts}',
  stay: 'Adapter daran: {count}. Sie bleiben verbunden und behalten vergebene Adressen bis zur Erneuerung.',
  deleteUnused: 'Kein Adapter einer VM ist daran.',
  deleteUsed: 'Adapter daran: {count}. Solange es welche gibt, wird es nicht gelöscht.',
};

export const networkLanguages = { en: english, de: german };

export type NetworkText = OwnText<NetworkTextKey>;

export function useNetworkText(): NetworkText {
  return useOwnText<NetworkTextKey>(networkLanguages);
}
