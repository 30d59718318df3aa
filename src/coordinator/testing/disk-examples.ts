/** A request of work on a disk file for each verb. */
import { diskWorkSchema, type DiskVerb, type DiskWork } from '#api';

const file = '/vms/a.qcow2';
const target = '/vms/b.qcow2';
const parent = '/vms/base.qcow2';

/** What each verb needs beside `file`. */
const more: Readonly<Record<DiskVerb, object>> = {
  map: {},
  measure: {},
  compare: { other: target },
  diff: {},
  checksum: {},
  check: {},
  create: { format: 'qcow2', sizeBytes: 1024 ** 2 },
  'create-floppy': {},
  'create-child': { format: 'qcow2', parent },
  convert: { target, format: 'qcow2' },
  resize: { sizeBytes: 1024 ** 2 },
  compact: {},
  commit: {},
  merge: { target },
  rebase: { parent },
  reconnect: { parent },
  flatten: {},
  repair: { target },
  split: { target },
  join: { target },
  upload: { upload: '00000000-0000-4000-8000-000000000001' },
  unpack: { target },
  wipe: {},
  delete: {},
  'delete-unpacked': {},
};

export function exampleOf(verb: DiskVerb): DiskWork {
  return diskWorkSchema.parse({ verb, file, ...more[verb] });
}
