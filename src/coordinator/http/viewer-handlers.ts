/** The handlers of the routes of native viewers. No logic. */
import type { RouteName } from '#api';
import type { ViewerCertificates } from '../viewers/certificates.ts';
import type { Viewers } from '../viewers/viewers.ts';
import type { Handlers } from './route-handler.ts';

type ViewerRoute = Extract<RouteName, 'vm.viewer' | `host.viewer-certificate.${string}`>;

export interface ViewerParts {
  readonly certificates: ViewerCertificates;
  /** Made after the handlers, which it asks itself. */
  readonly viewers: () => Viewers;
}

export function viewerHandlers({
  certificates,
  viewers,
}: ViewerParts): Pick<Handlers, ViewerRoute> {
  return {
    'vm.viewer': ({ id }) => viewers().show(id),
    'host.viewer-certificate.show': ({ id }) => certificates.show(id),
    'host.viewer-certificate.set': ({ caller, id, body, query }) =>
      certificates.supply(caller, id, body, query),
    'host.viewer-certificate.generate': ({ caller, id, query }) =>
      certificates.generate(caller, id, query),
  };
}
