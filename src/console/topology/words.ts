/** The words of the picture of networks. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  legend:
    'Lines lead from hosts to the networks that they carry, and from these to the vms on them. The wider a line, the more flows; dashed: the cable is unplugged.',
  all: 'All networks',
  none: 'No networks',
  noneHint: 'Vms in user-mode networks, and those that are not connected, are not drawn.',
  more: '{shown} of {total} networks are drawn.',
  show: 'Show the vms on {name}',
  hide: 'Hide the vms on {name}',
  adapters: 'Adapters: {count}',
  some: '{shown} of {total} vms',
  flow: '↓{received}/s ↑{sent}/s',
  carriedBy: '{host} carries {network}: {state}',
  adapter: 'Adapter {slot}',
  table: 'As a table',
  received: 'Received',
  sent: 'Sent',
  perSecond: '{amount}/s',
  cable: 'Cable',
  up: 'Plugged in',
  down: 'Unplugged',
} as const;
export type TopologyTextKey = keyof typeof english;

const german: Readonly<Record<TopologyTextKey, string>> = {
  legend:
    'Linien führen von Hosts zu den Netzwerken, die sie führen, und von diesen zu den VMs daran. Je breiter eine Linie, desto mehr fließt; gestrichelt: Das Kabel ist gezogen.',
  all: 'Alle Netzwerke',
  none: 'Keine Netzwerke',
  noneHint: 'VMs in Netzen im Benutzermodus und solche ohne Anschluss sind nicht gezeichnet.',
  more: '{shown} von {total} Netzwerken sind gezeichnet.',
  show: 'Die VMs an {name} zeigen',
  hide: 'Die VMs an {name} verbergen',
  adapters: 'Adapter: {count}',
  some: '{shown} von {total} VMs',
  flow: '↓{received}/s ↑{sent}/s',
  carriedBy: '{host} führt {network}: {state}',
  adapter: 'Adapter {slot}',
  table: 'Als Tabelle',
  received: 'Empfangen',
  sent: 'Gesendet',
  perSecond: '{amount}/s',
  cable: 'Kabel',
  up: 'Eingesteckt',
  down: 'Gezogen',
};

export const topologyLanguages = { of: 'topology', en: english, de: german };

export type TopologyText = OwnText<TopologyTextKey>;

export function useTopologyText(): TopologyText {
  return useOwnText<TopologyTextKey>(topologyLanguages);
}
