/** What may be asked of a host. */
import { hostBulkActions, type Host, type HostBulkAction, type RouteName } from '#api';

export type HostAction = HostBulkAction | 'discover' | 'probe';
/** Those that act on vms are asked about first, with what they would do. */
export type AskedHostAction = Exclude<HostBulkAction, 'start'>;

export function asksFirst(action: HostAction): action is AskedHostAction {
  return action !== 'discover' && action !== 'probe' && action !== 'start';
}

/** By which it is done, and whose right it takes. */
export function routeOf(action: HostAction): RouteName {
  if (action === 'discover') return 'host.discover';
  return action === 'probe' ? 'host.probe' : 'host.bulk';
}

/** As the host is now: its service is started or stopped, whichever applies. */
export function hostActions(host: Host): readonly HostAction[] {
  const stopped = host.status === 'service-stopped';
  return [
    ...hostBulkActions.filter((action) => action !== (stopped ? 'stop' : 'start')),
    'discover',
    'probe',
  ];
}
