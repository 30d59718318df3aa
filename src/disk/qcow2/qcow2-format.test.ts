import { runSuite } from '../testing/suite.ts';
import { qcow2Format } from './qcow2-format.ts';

const mib = 1024 * 1024;
const parent = {
  path: '/store/base.raw',
  relativePath: 'base.raw',
  format: 'raw',
  identity: undefined,
  modifiedMs: 0,
};

runSuite({
  title: 'a qcow2',
  format: qcow2Format,
  options: { sizeBytes: 5 * mib + 512 },
  rounds: 20,
});
runSuite({
  title: 'a qcow2 of version 2 with clusters of 4 KiB',
  format: qcow2Format,
  options: { sizeBytes: 4 * mib + 1024, blockBytes: 4096, variant: 'v2' },
  rounds: 40,
});
runSuite({
  title: 'a qcow2 with clusters of 512 bytes, whose refcount table must grow',
  format: qcow2Format,
  options: { sizeBytes: 9 * mib, blockBytes: 512 },
  rounds: 12,
});
runSuite({
  title: 'a qcow2 over a parent',
  format: qcow2Format,
  options: { sizeBytes: 3 * mib + 512, blockBytes: 16384, parent },
  hasParent: true,
  rounds: 40,
});
runSuite({
  title: 'a qcow2 of version 2 over a parent',
  format: qcow2Format,
  options: { sizeBytes: 3 * mib, blockBytes: 16384, parent, variant: 'v2' },
  hasParent: true,
  rounds: 20,
});
runSuite({
  title: 'a qcow2 with subclusters over a parent',
  format: qcow2Format,
  options: { sizeBytes: 3 * mib + 512, blockBytes: 16384, parent, variant: 'v3-subclusters' },
  hasParent: true,
  rounds: 30,
});
