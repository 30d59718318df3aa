import { runSuite } from '../testing/suite.ts';
import { vhdxFormat } from './vhdx-format.ts';

const mib = 1024 * 1024;
const parent = {
  path: '/store/base.vhdx',
  relativePath: 'base.vhdx',
  format: 'vhdx',
  identity: '01234567-89ab-4def-8123-456789abcdef',
  modifiedMs: 0,
};

runSuite({
  title: 'a dynamic vhdx',
  format: vhdxFormat,
  options: { sizeBytes: 5 * mib + 512, blockBytes: mib },
  rounds: 6,
});
runSuite({
  title: 'a fixed vhdx with sectors of 4096 bytes',
  format: vhdxFormat,
  options: { sizeBytes: 3 * mib + 4096, blockBytes: mib, variant: 'fixed', sectorBytes: 4096 },
  rounds: 6,
});
runSuite({
  title: 'a differencing vhdx',
  format: vhdxFormat,
  options: { sizeBytes: 4 * mib + 512, blockBytes: mib, parent },
  hasParent: true,
  rounds: 10,
});
