/** The handlers of the routes of quotas and offers. No logic. */
import type { RouteName } from '#api';
import { showOffers } from '../app/offers.ts';
import { clearQuota, listQuotas, setQuota, showQuota } from '../app/quotas.ts';
import type { Coordinator } from '../context.ts';
import type { Handlers } from './route-handler.ts';

type QuotaRoute = Extract<RouteName, `quota.${string}` | `offers.${string}`>;

export function quotaHandlers(coordinator: Coordinator): Pick<Handlers, QuotaRoute> {
  const { inventory } = coordinator;
  return {
    'quota.list': ({ caller }) => ({ items: [...listQuotas(inventory, caller)] }),
    'quota.show': ({ id }) => showQuota(inventory, id),
    'quota.set': ({ caller, id, body, query }) =>
      setQuota(coordinator, caller, id, body, query.dryRun),
    'quota.clear': ({ caller, id, query }) => clearQuota(coordinator, caller, id, query.dryRun),
    'offers.show': ({ caller }) => showOffers(inventory, caller),
  };
}
