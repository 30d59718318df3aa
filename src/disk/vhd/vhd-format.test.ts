import { runSuite } from '../testing/suite.ts';
import { vhdFormat } from './vhd-format.ts';

const parent = {
  path: '/store/parent.vhd',
  relativePath: 'parent.vhd',
  format: 'vhd',
  identity: '00112233445566778899aabbccddeeff',
  modifiedMs: Date.UTC(2026, 0, 1),
};
const mib = 1024 * 1024;

runSuite({
  title: 'a fixed vhd',
  format: vhdFormat,
  options: { sizeBytes: 3 * mib + 512, variant: 'fixed' },
});
runSuite({
  title: 'a dynamic vhd',
  format: vhdFormat,
  options: { sizeBytes: 7 * mib + 1024 },
  rounds: 15,
});
runSuite({
  title: 'a dynamic vhd with blocks of 64 KiB',
  format: vhdFormat,
  options: { sizeBytes: 2 * mib + 512, blockBytes: 65536 },
  rounds: 50,
});
runSuite({
  title: 'a differencing vhd',
  format: vhdFormat,
  options: { sizeBytes: 2 * mib + 512, blockBytes: 65536, parent },
  hasParent: true,
  rounds: 50,
});
