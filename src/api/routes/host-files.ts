/** Routes of files as they are between hosts and other computers: disks, images and exports. */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { dryRunQuerySchema } from '../list.ts';
import { hostUploadSchema, maxUploadPartBytes, uploadBeginSchema } from '../upload.ts';
import { importSourcesSchema } from '../vm/import-sources.ts';
import { knownMediaSchema } from '../vm/known-media.ts';
import { fileQuery, hostParams } from './hosts.ts';
import { vmAndDisk } from './travel.ts';
import { route, type Route } from './route.ts';

const uploadParams = hostParams.extend({ upload: idSchema });

export const hostFilesRoutes = {
  'host.file.content': route({
    method: 'GET',
    path: '/hosts/{host}/file/content',
    summary:
      'The content of a disk, an image or another file in the folders for vms of a host, whole or in part',
    group: 'hosts',
    right: 'host.disks',
    on: 'host',
    params: hostParams,
    query: fileQuery,
    answer: 'bytes',
    streamed: true,
    ranges: true,
  }),
  'vm.disk.content': route({
    method: 'GET',
    path: '/vms/{vm}/disks/{place}/content',
    summary: 'The content of the file of a disk to which nothing writes, whole or in part',
    group: 'vms',
    right: 'vm.clone',
    on: 'vm',
    params: vmAndDisk,
    answer: 'bytes',
    streamed: true,
    ranges: true,
  }),
  'host.medium.list': route({
    method: 'GET',
    path: '/hosts/{host}/media',
    summary: 'List the images known for CD and floppy drives of vms to be made on a host',
    group: 'hosts',
    right: 'host.view',
    on: 'host',
    params: hostParams,
    answer: 'now',
    response: knownMediaSchema,
  }),
  'host.import-source.list': route({
    method: 'GET',
    path: '/hosts/{host}/import-sources',
    summary:
      'List the configurations of other products in the folders for vms of a host, and archives that may have one',
    group: 'hosts',
    right: 'host.view',
    on: 'host',
    params: hostParams,
    answer: 'now',
    response: importSourcesSchema,
  }),
  'host.upload.list': route({
    method: 'GET',
    path: '/hosts/{host}/uploads',
    summary: 'Files on their way to a host, and those that came within a day',
    group: 'hosts',
    right: 'host.view',
    on: 'host',
    params: hostParams,
    answer: 'now',
    response: z.strictObject({ items: z.array(hostUploadSchema) }),
  }),
  'host.upload.begin': route({
    method: 'POST',
    path: '/hosts/{host}/uploads',
    summary: 'Begin to send a file into the folders for vms of a host, or go on with it',
    group: 'hosts',
    right: 'host.disks',
    on: 'host',
    params: hostParams,
    query: dryRunQuerySchema,
    body: uploadBeginSchema,
    answer: 'now',
    response: hostUploadSchema,
  }),
  'host.upload.show': route({
    method: 'GET',
    path: '/hosts/{host}/uploads/{upload}',
    summary: 'How far an upload has come',
    group: 'hosts',
    right: 'host.view',
    on: 'host',
    params: uploadParams,
    answer: 'now',
    response: hostUploadSchema,
  }),
  'host.upload.send': route({
    method: 'PATCH',
    path: '/hosts/{host}/uploads/{upload}',
    summary:
      'Send the next part of an upload; when all is sent, work on the disk file with the verb upload finishes it',
    group: 'hosts',
    right: 'host.disks',
    on: 'host',
    params: uploadParams,
    query: z.strictObject({
      offset: z.coerce.number().int().min(0).meta({ description: 'where the part begins' }),
    }),
    upload: { maxBytes: maxUploadPartBytes },
    answer: 'now',
    response: hostUploadSchema,
  }),
  'host.upload.cancel': route({
    method: 'DELETE',
    path: '/hosts/{host}/uploads/{upload}',
    summary: 'Give up an upload; nothing of it is left',
    group: 'hosts',
    right: 'host.disks',
    on: 'host',
    params: uploadParams,
    query: dryRunQuerySchema,
    answer: 'now',
  }),
} as const satisfies Record<string, Route>;
