/** The words of the settings of the site, which are asked for with them. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  authority: 'Authority',
  byHand: 'by hand',
  byItself: 'by itself',
  certificates: 'Certificates',
  certificatesExplain:
    'What browsers and programs are shown. A change takes effect at once for new connections; hosts, virtual machines and open pages go on. Hosts trust the authority of the installation whatever is shown here.',
  chain: 'Certificate, then those above it (PEM)',
  chooseFile: 'or choose a file',
  expires: 'Expires',
  fingerprint: 'SHA-256',
  generate: 'Generate anew',
  generateExplain:
    'A new certificate of the authority of this installation takes the place of the one that is shown now. Browsers that do not trust this authority will warn.',
  generated: 'A new certificate is shown from now on.',
  host: 'Host',
  issuer: 'Issued by',
  key: 'Its key, without a passphrase (PEM)',
  noTls:
    'The server speaks without TLS. Start it without --insecure-no-tls: then it shows a certificate.',
  ofGantry: 'this installation',
  ofUser: 'others',
  renewed: 'Renewed',
  server: 'Server',
  stateExpired: 'expired',
  stateSoon: 'expires soon',
  stateValid: 'valid',
  taken: 'The new certificate is shown from now on.',
  upload: 'Upload',
  use: 'For',
  validFor: 'Name',
  explain:
    'Settings of the whole installation, for everybody. What a single host or virtual machine does is set on its own page.',
  ownScreens: 'Show screens in lists, in this browser',
  screensOff: 'Switched off for the whole site: nobody is shown screens in lists.',
  whole: 'The whole site',
  own: 'For you alone',
  tls: 'TLS',
  tlsOn: 'on',
  tlsOff: 'off: whoever listens reads passwords and screens',
  tlsHow: 'How connections are encrypted',
  title: 'Site settings',
  yes: 'yes',
  no: 'no',
} as const;

export type SiteTextKey = keyof typeof english;

const german: Readonly<Record<SiteTextKey, string>> = {
  authority: 'Zertifizierungsstelle',
  byHand: 'von Hand',
  byItself: 'von selbst',
  certificates: 'Zertifikate',
  certificatesExplain:
    'Was Browsern und Programmen gezeigt wird. Eine Änderung gilt sofort für neue Verbindungen; Hosts, virtuelle Maschinen und offene Seiten laufen weiter. Hosts trauen der Zertifizierungsstelle der Installation, was auch immer hier gezeigt wird.',
  chain: 'Zertifikat, dann die darüber (PEM)',
  chooseFile: 'oder eine Datei wählen',
  expires: 'Läuft ab',
  fingerprint: 'SHA-256',
  generate: 'Neu erzeugen',
  generateExplain:
    'Ein neues Zertifikat der Zertifizierungsstelle dieser Installation tritt an die Stelle dessen, das jetzt gezeigt wird. Browser, die ihr nicht trauen, warnen dann.',
  generated: 'Ab jetzt wird ein neues Zertifikat gezeigt.',
  host: 'Host',
  issuer: 'Ausgestellt von',
  key: 'Sein Schlüssel, ohne Passphrase (PEM)',
  noTls:
    'Der Server spricht ohne TLS. Wird er ohne --insecure-no-tls gestartet, zeigt er ein Zertifikat.',
  ofGantry: 'dieser Installation',
  ofUser: 'anderen',
  renewed: 'Erneuert',
  server: 'Server',
  stateExpired: 'abgelaufen',
  stateSoon: 'läuft bald ab',
  stateValid: 'gültig',
  taken: 'Ab jetzt wird das neue Zertifikat gezeigt.',
  upload: 'Hochladen',
  use: 'Für',
  validFor: 'Name',
  explain:
    'Einstellungen der ganzen Installation, für alle. Was ein einzelner Host oder eine virtuelle Maschine tut, wird auf deren Seite eingestellt.',
  ownScreens: 'Bildschirme in Listen zeigen, in diesem Browser',
  screensOff: 'Für die ganze Website ausgeschaltet: Niemand sieht Bildschirme in Listen.',
  whole: 'Die ganze Website',
  own: 'Für Sie allein',
  tls: 'TLS',
  tlsOn: 'an',
  tlsOff: 'aus: Wer mithört, liest Kennwörter und Bildschirme',
  tlsHow: 'Wie Verbindungen verschlüsselt werden',
  title: 'Website-Einstellungen',
  yes: 'ja',
  no: 'nein',
};

export const siteLanguages = { of: 'site', en: english, de: german };

export function useSiteText(): OwnText<SiteTextKey> {
  return useOwnText<SiteTextKey>(siteLanguages);
}
