/** The words of the settings of the site, which are asked for with them. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
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

export const siteLanguages = { en: english, de: german };

export function useSiteText(): OwnText<SiteTextKey> {
  return useOwnText<SiteTextKey>(siteLanguages);
}
