/** What lists of each kind are like: schema, order where none is asked for, fields that change by themselves. */
import type { Clock } from '#lib';
import { folderSchema, hostSchema, imageSchema, operationSchema, vmSchema } from '#api';
import type { ListedKind, ListedThings } from './inventory.ts';
import { Collection } from './list/collection.ts';
import { withRunningTime } from './views/vm-view.ts';

export type Collections = { readonly [K in ListedKind]: Collection<ListedThings[K]> };
export type Makers = {
  readonly [K in ListedKind]: (id: string) => ListedThings[K] | undefined;
};

export function createCollections(clock: Clock, make: Makers): Collections {
  return {
    vm: new Collection({
      kind: 'vm',
      schema: vmSchema,
      defaultSort: 'name',
      make: make.vm,
      refresh: (vm) => withRunningTime(vm, clock.now()),
      sampled: [
        'cpuPercent',
        'memoryBytes',
        'diskSpaceBytes',
        'diskUse',
        'networkUse',
        'heartbeat',
        'guestHealth',
        'additions',
        'guest',
      ].map((field) => `status.${field}`),
      timed: [{ field: 'status.runningSeconds', opposite: 'status.startedAt' }],
    }),
    host: new Collection({
      kind: 'host',
      schema: hostSchema,
      defaultSort: 'name',
      make: make.host,
      refresh: (host) => host,
      sampled: ['load', 'lastSeenAt'],
      timed: [],
    }),
    image: new Collection({
      kind: 'image',
      schema: imageSchema,
      defaultSort: 'name',
      make: make.image,
      refresh: (image) => image,
      sampled: [],
      timed: [],
    }),
    folder: new Collection({
      kind: 'folder',
      schema: folderSchema,
      defaultSort: 'path',
      make: make.folder,
      refresh: (folder) => folder,
      sampled: [],
      timed: [],
    }),
    operation: new Collection({
      kind: 'operation',
      schema: operationSchema,
      defaultSort: '-createdAt',
      make: make.operation,
      refresh: (operation) => operation,
      sampled: ['progress', 'steps'],
      timed: [],
    }),
  };
}
