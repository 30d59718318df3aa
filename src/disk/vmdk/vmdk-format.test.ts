import { runSuite } from '../testing/suite.ts';
import { vmdkFormat } from './vmdk-format.ts';

const mib = 1024 * 1024;
const parent = {
  path: '/store/base.vmdk',
  relativePath: 'base.vmdk',
  format: 'vmdk',
  identity: '0123abcd',
  modifiedMs: 0,
};

runSuite({
  title: 'a sparse vmdk',
  format: vmdkFormat,
  options: { sizeBytes: 5 * mib + 512 },
  rounds: 24,
});
runSuite({
  title: 'a sparse vmdk over a parent, with grains of 4 KiB',
  format: vmdkFormat,
  options: { sizeBytes: 3 * mib + 512, blockBytes: 4096, parent },
  hasParent: true,
  rounds: 24,
});
