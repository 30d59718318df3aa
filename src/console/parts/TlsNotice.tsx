/** At the end of every page while it comes without TLS. */
import { Suspense, type ReactNode } from 'react';
import { lazyPart } from './lazy-part.ts';

// Hardly anybody needs it.
const TlsWarning = lazyPart(async () => (await import('./TlsWarning.tsx')).TlsWarning);

export function TlsNotice(): ReactNode {
  if (location.protocol !== 'http:') return null;
  return (
    <Suspense fallback={null}>
      <TlsWarning />
    </Suspense>
  );
}
