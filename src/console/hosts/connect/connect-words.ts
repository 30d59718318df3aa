/** The words of the dialog that connects a hypervisor. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  connect: 'Connect hypervisor',
  change: 'Change connection',
  verb: 'Connect',
  hint: 'A hypervisor that others run becomes a host here, over libvirt, without an agent. Nothing on it changes; its vms are there at once.',
  changeHint: 'Its vms stay who they are.',
  address: 'Address',
  addressHint:
    'For example qemu+ssh://root@h1/system, or the name of a machine alone, which is tried over SSH and TLS.',
  name: 'Name here',
  usualName: 'as it calls itself',
  signIn: 'Signing in',
  user: 'User',
  userHint:
    'Where the hypervisor asks for one. SSH takes its user from the address and the key of the coordinator.',
  password: 'Password',
  passwordHint: 'Kept sealed, never shown.',
  unverified: 'Go on although nobody checks that it is who it claims to be, or reads along',
  managerUrl: 'Web interface with which others manage it',
  more: 'More',
} as const;
export type ConnectTextKey = keyof typeof english;

const german: Readonly<Record<ConnectTextKey, string>> = {
  connect: 'Hypervisor verbinden',
  change: 'Verbindung ändern',
  verb: 'Verbinden',
  hint: 'Ein Hypervisor, den andere betreiben, wird hier ein Host, über libvirt, ohne Agent. Auf ihm ändert sich nichts; seine VMs sind sofort da.',
  changeHint: 'Seine VMs bleiben, wer sie sind.',
  address: 'Adresse',
  addressHint:
    'Zum Beispiel qemu+ssh://root@h1/system oder nur der Name eines Rechners, der dann über SSH und TLS versucht wird.',
  name: 'Name hier',
  usualName: 'wie er sich selbst nennt',
  signIn: 'Anmeldung',
  user: 'Benutzer',
  userHint:
    'Wo der Hypervisor nach einem fragt. SSH nimmt den Benutzer aus der Adresse und den Schlüssel des Koordinators.',
  password: 'Passwort',
  passwordHint: 'Wird versiegelt aufbewahrt und nie gezeigt.',
  unverified:
    'Weitermachen, obwohl niemand prüft, ob er ist, wer er zu sein behauptet, oder wer mitliest',
  managerUrl: 'Weboberfläche, mit der andere ihn verwalten',
  more: 'Mehr',
};

export const connectLanguages = { of: 'connect', en: english, de: german };

export function useConnectText(): OwnText<ConnectTextKey> {
  return useOwnText<ConnectTextKey>(connectLanguages);
}
