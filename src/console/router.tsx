/** Every page has an address of its own; filter, order, place and tab are in it too. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type AnyRouter,
} from '@tanstack/react-router';
import { EventsPage } from './work/EventsPage.tsx';
import { Root } from './frame/Root.tsx';
import { HostsPage } from './hosts/HostsPage.tsx';
import { NothingHere } from './frame/NothingHere.tsx';
import { OperationsPage } from './work/OperationsPage.tsx';
import { VmsPage } from './vms/VmsPage.tsx';
import { parseVmsPlace } from './vms/place.ts';
import { parseVmTab } from './vm/tabs.ts';

export const rootRoute = createRootRoute({ component: Root, notFoundComponent: NothingHere });

const startRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/vms', replace: true });
  },
});
const vmsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/vms',
  validateSearch: parseVmsPlace,
  component: VmsPage,
});
const vmRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/vms/$vm',
  validateSearch: parseVmTab,
  // Its settings, screen and words are for those who open a vm.
  component: lazyRouteComponent(() => import('./vm/VmPage.tsx'), 'VmPage'),
});
const aloneRoutes = (['/screen/$vm', '/serial/$vm'] as const).map((path) =>
  createRoute({
    getParentRoute: () => rootRoute,
    path,
    component: lazyRouteComponent(() => import('./vm/ConsolePage.tsx'), 'ConsolePage'),
  }),
);
const hostsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/hosts',
  component: HostsPage,
});
const operationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/operations',
  component: OperationsPage,
});
const eventsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/events',
  component: EventsPage,
});

export function createConsoleRouter(): AnyRouter {
  return createRouter({
    routeTree: rootRoute.addChildren([
      startRoute,
      vmsRoute,
      vmRoute,
      ...aloneRoutes,
      hostsRoute,
      operationsRoute,
      eventsRoute,
    ]),
  });
}
