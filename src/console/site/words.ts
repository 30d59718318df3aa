/** The words of the settings of the site, which are asked for with them. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  authority: 'Authority',
  byHand: 'by hand',
  byItself: 'by itself',
  certificates: 'Certificates',
  certificatesExplain:
    'What browsers and programs are shown. A change takes effect at once for new connections; hosts, virtual machines and open pages go on. Hosts trust the authority of the installation whatever is shown here.',
  changeSearchPath: 'Change where {name} searches',
  chain: 'Certificate, then those above it (PEM)',
  chooseFile: 'or choose a file',
  expires: 'Expires',
  fingerprint: 'SHA-256',
  folders: 'Folders, in their order',
  generate: 'Generate anew',
  generateExplain:
    'A new certificate of the authority of this installation takes the place of the one that is shown now. Browsers that do not trust this authority will warn.',
  generated: 'A new certificate is shown from now on.',
  host: 'Host',
  issuer: 'Issued by',
  key: 'Its key, without a passphrase (PEM)',
  ofGantry: 'this installation',
  ofUser: 'others',
  renewed: 'Renewed',
  requireTls: 'Require TLS',
  requireTlsExplain:
    'From then on nothing is served without TLS: whoever asks for a page is sent to https, and everything else is refused. TLS itself is there already, with the certificate below.',
  requireTlsLeaves:
    'This page came without TLS. It is shown anew with https, where one signs in again; a browser that does not trust the certificate will warn first.',
  searchPaths: 'Search paths',
  searchPathsExplain:
    'Where each host looks for configuration files of vms, disks and images beside the folders of its own.',
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
  tlsRequired: 'Nothing is served without TLS any more.',
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
  changeSearchPath: 'Ändern, wo {name} sucht',
  chain: 'Zertifikat, dann die darüber (PEM)',
  chooseFile: 'oder eine Datei wählen',
  expires: 'Läuft ab',
  fingerprint: 'SHA-256',
  folders: 'Ordner, der Reihe nach',
  generate: 'Neu erzeugen',
  generateExplain:
    'Ein neues Zertifikat der Zertifizierungsstelle dieser Installation tritt an die Stelle dessen, das jetzt gezeigt wird. Browser, die ihr nicht trauen, warnen dann.',
  generated: 'Ab jetzt wird ein neues Zertifikat gezeigt.',
  host: 'Host',
  issuer: 'Ausgestellt von',
  key: 'Sein Schlüssel, ohne Passphrase (PEM)',
  ofGantry: 'dieser Installation',
  ofUser: 'anderen',
  renewed: 'Erneuert',
  requireTls: 'TLS verlangen',
  requireTlsExplain:
    'Von da an wird nichts mehr ohne TLS beantwortet: Wer eine Seite aufruft, wird zu https geschickt, alles andere abgewiesen. TLS selbst ist schon da, mit dem Zertifikat unten.',
  requireTlsLeaves:
    'Diese Seite kam ohne TLS. Sie wird mit https neu gezeigt, dort meldet man sich wieder an; ein Browser, der dem Zertifikat nicht traut, warnt vorher.',
  searchPaths: 'Suchpfade',
  searchPathsExplain:
    'Wo jeder Host neben seinen eigenen Ordnern nach Konfigurationsdateien von VMs, Platten und Images sucht.',
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
  tlsOff: 'aus: Wer mithört, liest Passwörter und Bildschirme',
  tlsRequired: 'Ohne TLS wird nichts mehr beantwortet.',
  tlsHow: 'Wie Verbindungen verschlüsselt werden',
  title: 'Website-Einstellungen',
  yes: 'ja',
  no: 'nein',
};

export const siteLanguages = { of: 'site', en: english, de: german };

export function useSiteText(): OwnText<SiteTextKey> {
  return useOwnText<SiteTextKey>(siteLanguages);
}
