/** Routes of the files of a host as they are: disks, images and exports that are taken to another computer. */
import { fileQuery, hostParams } from './hosts.ts';
import { vmAndDisk } from './travel.ts';
import { route, type Route } from './route.ts';

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
} as const satisfies Record<string, Route>;
