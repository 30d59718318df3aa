/** That TLS is off, with the way to where it is said how that is changed. */
import { Alert } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTlsText } from './tls-words.ts';

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
