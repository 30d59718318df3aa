/** At the end of every page while it comes without TLS. */
import { lazy, Suspense, type ReactNode } from 'react';

// Hardly anybody needs it.
const TlsWarning = lazy(async () => ({ default: (await import('./TlsWarning.tsx')).TlsWarning }));

export function TlsNotice(): ReactNode {
  if (location.protocol !== 'http:') return null;
  return (
    <Suspense fallback={null}>
      <TlsWarning />
    </Suspense>
  );
}
