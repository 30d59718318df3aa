/** What follows from a change of the settings of the site, in the page that made it. */
import type { QueryClient } from '@tanstack/react-query';
import type { Installation } from '#api';
import { healthyKey, installationKey } from '../parts/ask.ts';

/** A page that came without TLS, which is not served any more, is asked for anew with it; there one signs in again. */
export function takeChange(
  { queries }: { readonly queries: QueryClient },
  changed: Installation,
): void {
  queries.setQueryData(installationKey, changed);
  queries.setQueryData(healthyKey, { ok: true, tls: changed.tls });
  if (changed.tls && location.protocol === 'http:')
    location.assign(`https://${location.host}${location.pathname}${location.search}`);
}
