/**
 * The route table: every route of the API under its name, which is also the client's and OpenAPI's
 * operation id. A file for each group of things; no name stands in two of them (mod.test.ts).
 */
import { accessRoutes } from './access.ts';
import { cataloguesRoutes } from './catalogues.ts';
import { consolesRoutes } from './consoles.ts';
import { extensionsRoutes } from './extensions.ts';
import { foldersRoutes } from './folders.ts';
import { guestRoutes } from './guest.ts';
import { hostFilesRoutes } from './host-files.ts';
import { hostsRoutes } from './hosts.ts';
import { imagesRoutes } from './images.ts';
import { installationRoutes } from './installation.ts';
import { networksRoutes } from './networks.ts';
import { quotasRoutes } from './quotas.ts';
import { recordingsRoutes } from './recordings.ts';
import { snapshotFilesRoutes } from './snapshot-files.ts';
import { teamsRoutes } from './teams.ts';
import { travelRoutes } from './travel.ts';
import { viewersRoutes } from './viewers.ts';
import { vmsRoutes } from './vms.ts';
import { warningsRoutes } from './warnings.ts';
import { workRoutes } from './work.ts';
import type { Route } from './route.ts';

export const routes = {
  ...accessRoutes,
  ...installationRoutes,
  ...warningsRoutes,
  ...hostsRoutes,
  ...foldersRoutes,
  ...quotasRoutes,
  ...imagesRoutes,
  ...vmsRoutes,
  ...snapshotFilesRoutes,
  ...guestRoutes,
  ...consolesRoutes,
  ...recordingsRoutes,
  ...viewersRoutes,
  ...travelRoutes,
  ...hostFilesRoutes,
  ...extensionsRoutes,
  ...cataloguesRoutes,
  ...teamsRoutes,
  ...networksRoutes,
  ...workRoutes,
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;
