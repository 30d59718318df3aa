/** That TLS is off, with the way to where it is said how that is changed. */
import type { ReactNode } from 'react';
import { useTlsText } from './tls-words.ts';
import { Alert } from './Alert.tsx';

export function TlsWarning(): ReactNode {
  const text = useTlsText();
  return (
    <div className="tls-off" role="note">
      <Alert variant="warning" isInline component="p" title={text('off')}>
        <a href="/site#tls">{text('settings')}</a>
      </Alert>
    </div>
  );
}
