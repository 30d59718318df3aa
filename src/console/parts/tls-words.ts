/** The words of the warning that TLS is off. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  off: 'TLS is off: whoever is on the way reads passwords and screens, and can change everything.',
  settings: 'Require TLS: site settings',
} as const;
type TlsTextKey = keyof typeof english;

const german: Readonly<Record<TlsTextKey, string>> = {
  off: 'TLS ist aus: Wer auf dem Weg ist, liest Passwörter und Bildschirme und kann alles ändern.',
  settings: 'TLS verlangen: Website-Einstellungen',
};

export const tlsLanguages = { of: 'tls', en: english, de: german };

export function useTlsText(): OwnText<TlsTextKey> {
  return useOwnText<TlsTextKey>(tlsLanguages);
}
