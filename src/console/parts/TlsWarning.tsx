/** That TLS is off, with the way to where it is said how that is changed. */
import { Alert } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useOwnText } from '../i18n/own-text.ts';

const languages = {
  en: {
    off: 'TLS is off: whoever is on the way reads passwords and screens, and can change everything.',
    settings: 'Site settings',
  },
  de: {
    off: 'TLS ist aus: Wer auf dem Weg ist, liest Kennwörter und Bildschirme und kann alles ändern.',
    settings: 'Website-Einstellungen',
  },
};

export function TlsWarning(): ReactNode {
  const text = useOwnText<'off' | 'settings'>(languages);
  return (
    <div className="tls-off" role="note">
      <Alert variant="warning" isInline component="p" title={text('off')}>
        <a href="/site">{text('settings')}</a>
      </Alert>
    </div>
  );
}
