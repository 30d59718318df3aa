/** What follows from a change of the settings of the site, in the page that made it. */
import type { QueryClient } from '@tanstack/react-query';
import type { Installation } from '#api';
import { healthyKey, installationKey } from '../parts/ask.ts';

export function takeChange(
  { queries }: { readonly queries: QueryClient },
  changed: Installation,
): void {
  queries.setQueryData(installationKey, changed);
  queries.setQueryData(healthyKey, { ok: true, tls: changed.tls });
}
