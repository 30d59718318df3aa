/** At the end of every page, however it came, while pages are served without TLS too. */
import { useQuery } from '@tanstack/react-query';
import { Suspense, useEffect, type ReactNode } from 'react';
import { useConsole } from '../console.ts';
import { healthyKey } from './ask.ts';
import { lazyPart } from './lazy-part.ts';

// Hardly anybody needs it.
const TlsWarning = lazyPart(async () => (await import('./TlsWarning.tsx')).TlsWarning);

export function TlsNotice(): ReactNode {
  const { client } = useConsole();
  // Without a right: it stands below the page to sign in too.
  const { data } = useQuery({
    queryKey: healthyKey,
    queryFn: ({ signal }) => client.call('installation.healthy', {}, signal),
  });
  const isLeft = location.protocol === 'http:' && data?.tls === true;
  // A page that came without TLS is not served any more: it is asked for anew with it; there one signs in again.
  useEffect(() => {
    if (isLeft) location.assign(`https://${location.host}${location.pathname}${location.search}`);
  }, [isLeft]);
  if (location.protocol !== 'http:' && data?.tls !== false) return null;
  return (
    <Suspense fallback={null}>
      <TlsWarning />
    </Suspense>
  );
}
