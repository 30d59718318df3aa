/** Every page has an address of its own; filter, order and tab are in it too. Pages are read when they are opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type AnyRouter,
} from '@tanstack/react-router';
import { parseAttributesPlace } from './attributes/place.ts';
import { Root } from './frame/Root.tsx';
import { BrokenPage } from './frame/BrokenPage.tsx';
import { NothingHere } from './frame/NothingHere.tsx';
import { parseDisksPlace, parseInnerPlace } from './hosts/disks/place.ts';
import { parseHostPlace, parseHostsPlace } from './hosts/place.ts';
import { parseImagesPlace } from './images/place.ts';
import { parseListPlace } from './list/place.ts';
import { parseNetworkPlace, parseNetworksPlace } from './networks/place.ts';
import { Landing } from './session/Landing.tsx';
import { parseSummaryPlace } from './summary/place.ts';
import { fetchPart } from './parts/lazy-part.ts';
import { StatusPage } from './status/StatusPage.tsx';
import { parseVmPlace } from './vm/tabs.ts';
import { parseVmsPlace } from './vms/place.ts';
import { VmsPage } from './vms/VmsPage.tsx';

function lazyPage<T extends Record<string, unknown>, Name extends keyof T>(
  load: () => Promise<T>,
  name: Name,
): ReturnType<typeof lazyRouteComponent<T, Name>> {
  return lazyRouteComponent(() => fetchPart(load), name);
}

export const rootRoute = createRootRoute({ component: Root, notFoundComponent: NothingHere });

const startRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  component: Landing,
});
const selfServiceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/self-service',
  validateSearch: parseListPlace,
  component: lazyPage(() => import('./self-service/SelfServicePage.tsx'), 'SelfServicePage'),
});
const statusRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/status',
  validateSearch: parseListPlace,
  component: StatusPage,
});
const summaryRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/summary',
  validateSearch: parseSummaryPlace,
  component: lazyPage(() => import('./summary/SummaryPage.tsx'), 'SummaryPage'),
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
  validateSearch: parseVmPlace,
  // Its settings, screen and words are for those who open a vm.
  component: lazyPage(() => import('./vm/VmPage.tsx'), 'VmPage'),
});
const aloneRoutes = (['/screen/$vm', '/serial/$vm'] as const).map((path) =>
  createRoute({
    getParentRoute: () => rootRoute,
    path,
    component: lazyPage(() => import('./vm/ConsolePage.tsx'), 'ConsolePage'),
  }),
);
const recordingRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/recording/$vm/$recording',
  component: lazyPage(() => import('./vm/recordings/RecordingPage.tsx'), 'RecordingPage'),
});
const hostsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/hosts',
  validateSearch: parseHostsPlace,
  component: lazyPage(() => import('./hosts/HostsPage.tsx'), 'HostsPage'),
});
const hostRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/hosts/$host',
  validateSearch: parseHostPlace,
  component: lazyPage(() => import('./hosts/HostPage.tsx'), 'HostPage'),
});
const disksRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/disks',
  validateSearch: parseDisksPlace,
  component: lazyPage(() => import('./hosts/disks/DisksPage.tsx'), 'DisksPage'),
});
const innerFilesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/disks/files',
  validateSearch: parseInnerPlace,
  component: lazyPage(() => import('./hosts/disks/InnerFilesPage.tsx'), 'InnerFilesPage'),
});
const imagesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/images',
  validateSearch: parseImagesPlace,
  component: lazyPage(() => import('./images/ImagesPage.tsx'), 'ImagesPage'),
});
const imageRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/images/$image',
  component: lazyPage(() => import('./images/ImagePage.tsx'), 'ImagePage'),
});
const teamsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/teams',
  validateSearch: parseListPlace,
  component: lazyPage(() => import('./teams/TeamsPage.tsx'), 'TeamsPage'),
});
const teamRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/teams/$team',
  component: lazyPage(() => import('./teams/TeamPage.tsx'), 'TeamPage'),
});
const networksRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/networks',
  validateSearch: parseNetworksPlace,
  component: lazyPage(() => import('./networks/NetworksPage.tsx'), 'NetworksPage'),
});
const networkRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/networks/$network',
  validateSearch: parseNetworkPlace,
  component: lazyPage(() => import('./networks/NetworkPage.tsx'), 'NetworkPage'),
});
const topologyRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/topology',
  component: lazyPage(() => import('./topology/TopologyPage.tsx'), 'TopologyPage'),
});
const attributesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/attributes',
  validateSearch: parseAttributesPlace,
  component: lazyPage(() => import('./attributes/AttributesPage.tsx'), 'AttributesPage'),
});
const operationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/operations',
  validateSearch: parseListPlace,
  component: lazyPage(() => import('./work/OperationsPage.tsx'), 'OperationsPage'),
});
const eventsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/events',
  validateSearch: parseListPlace,
  component: lazyPage(() => import('./work/EventsPage.tsx'), 'EventsPage'),
});

const foldersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/folders',
  component: lazyPage(() => import('./folders/FoldersPage.tsx'), 'FoldersPage'),
});
const peopleRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/people',
  component: lazyPage(() => import('./people/PeoplePage.tsx'), 'PeoplePage'),
});
const siteRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/site',
  component: lazyPage(() => import('./site/SitePage.tsx'), 'SitePage'),
});
const manualRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/docs/$',
  component: lazyPage(() => import('./manual/ManualPage.tsx'), 'ManualPage'),
});

export function createConsoleRouter(): AnyRouter {
  return createRouter({
    defaultErrorComponent: BrokenPage,
    routeTree: rootRoute.addChildren([
      startRoute,
      selfServiceRoute,
      statusRoute,
      summaryRoute,
      vmsRoute,
      vmRoute,
      ...aloneRoutes,
      recordingRoute,
      hostsRoute,
      hostRoute,
      disksRoute,
      innerFilesRoute,
      imagesRoute,
      imageRoute,
      teamsRoute,
      teamRoute,
      networksRoute,
      networkRoute,
      topologyRoute,
      attributesRoute,
      operationsRoute,
      eventsRoute,
      foldersRoute,
      peopleRoute,
      siteRoute,
      manualRoute,
    ]),
  });
}
