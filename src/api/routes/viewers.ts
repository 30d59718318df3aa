/** Routes of native viewers: where they connect to, and what they are shown of who is there. */
import { z } from 'zod';
import { referenceSchema } from '../ids.ts';
import { dryRunQuerySchema } from '../list.ts';
import { viewerCertificateSchema, viewerCertificateSetSchema, vmViewerSchema } from '../viewers.ts';
import { route, type Route } from './route.ts';

const hostParams = z.strictObject({ host: referenceSchema });

export const viewersRoutes = {
  'vm.viewer': route({
    method: 'GET',
    path: '/vms/{vm}/viewer',
    summary: 'Where native viewers (RFB) see the screen of a vm, and how they sign in',
    group: 'consoles',
    right: 'vm.view',
    on: 'vm',
    params: z.strictObject({ vm: referenceSchema }),
    answer: 'now',
    response: vmViewerSchema,
  }),
  'host.viewer-certificate.show': route({
    method: 'GET',
    path: '/hosts/{host}/viewer-certificate',
    summary: 'The certificate that native viewers of a host are shown',
    group: 'hosts',
    right: 'host.view',
    on: 'host',
    params: hostParams,
    answer: 'now',
    response: viewerCertificateSchema,
  }),
  'host.viewer-certificate.set': route({
    method: 'PUT',
    path: '/hosts/{host}/viewer-certificate',
    summary: 'Supply the certificate and the key that native viewers of a host are shown',
    group: 'hosts',
    right: 'host.settings',
    on: 'host',
    params: hostParams,
    query: dryRunQuerySchema,
    body: viewerCertificateSetSchema,
    answer: 'now',
    response: viewerCertificateSchema,
  }),
  'host.viewer-certificate.generate': route({
    method: 'POST',
    path: '/hosts/{host}/viewer-certificate',
    summary: "Generate a new certificate of the installation's own authority in the place of it",
    group: 'hosts',
    right: 'host.settings',
    on: 'host',
    params: hostParams,
    query: dryRunQuerySchema,
    answer: 'now',
    response: viewerCertificateSchema,
  }),
} as const satisfies Record<string, Route>;
