/** The words of native viewers, which are asked for with their tab. */
import type { ViewerState } from '#api';
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  change: 'Change native viewers of {name}',
  intro:
    'Programs that speak VNC (TigerVNC, virt-viewer, Remmina) see the screens of its vms at ports of the host, one for each vm. They sign in, and are participants like others.',
  signIn: 'Way to sign in',
  certificate: 'Certificate',
  'issuedBy.gantry': 'of the installation’s own authority, renewed by itself',
  'issuedBy.user': 'supplied',
  names: 'Valid for',
  fingerprint: 'SHA-256',
  supply: 'Supply a certificate',
  generate: 'Generate a new certificate',
  chain: 'Certificate and those above it, PEM',
  key: 'Private key without a passphrase, PEM',
  keyHint: 'It is kept sealed by the coordinator and never shown again.',
  unencrypted:
    'Viewers without TLS are let in: whoever is on the way sees the screens and what is typed.',
  certificateWarning: 'The certificate: {warning}',
  'state.off': 'Off',
  'state.unsupported': 'Not possible',
  'state.unknown': 'Not known',
  'state.listening': 'Listening',
  'state.failed': 'Failed',
  'tls.required': 'Required',
  'tls.optional': 'Optional – not everything is encrypted',
} as const;
type TextKey = keyof typeof english | `state.${ViewerState}`;

const german: Readonly<Record<TextKey, string>> = {
  change: 'Eigene Betrachter von {name} ändern',
  intro:
    'Programme, die VNC sprechen (TigerVNC, virt-viewer, Remmina), zeigen die Bildschirme seiner VMs an Ports des Hosts, für jede VM einem. Sie melden sich an und sind Teilnehmer wie andere.',
  signIn: 'Art der Anmeldung',
  certificate: 'Zertifikat',
  'issuedBy.gantry': 'von der eigenen Stelle der Installation, erneuert sich selbst',
  'issuedBy.user': 'mitgebracht',
  names: 'Gilt für',
  fingerprint: 'SHA-256',
  supply: 'Zertifikat mitbringen',
  generate: 'Neues Zertifikat erzeugen',
  chain: 'Zertifikat und die darüber, PEM',
  key: 'Privater Schlüssel ohne Passphrase, PEM',
  keyHint: 'Der Koordinator bewahrt ihn versiegelt auf und zeigt ihn nie wieder.',
  unencrypted:
    'Betrachter ohne TLS werden eingelassen: Wer auf dem Weg ist, sieht die Bildschirme und was getippt wird.',
  certificateWarning: 'Das Zertifikat: {warning}',
  'state.off': 'Aus',
  'state.unsupported': 'Nicht möglich',
  'state.unknown': 'Nicht bekannt',
  'state.listening': 'Hört',
  'state.failed': 'Fehlgeschlagen',
  'tls.required': 'Verlangt',
  'tls.optional': 'Freigestellt – nicht alles ist verschlüsselt',
};

export const viewerLanguages = { of: 'viewers', en: english, de: german };

export function useViewerText(): OwnText<TextKey> {
  return useOwnText<TextKey>(viewerLanguages);
}
