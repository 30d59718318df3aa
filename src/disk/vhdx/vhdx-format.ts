/** VHDX, MS-VHDX of Microsoft: fixed, dynamic and differencing, read and written, with its log. */
import type { Format } from '../format.ts';
import { createVhdx } from './create.ts';
import { openVhdx } from './vhdx-layer.ts';

export const vhdxFormat: Format = {
  name: 'vhdx',
  title: 'VHDX of Hyper-V',
  suffixes: ['vhdx', 'avhdx'],
  variants: ['dynamic', 'fixed', 'differencing'],
  recognise: ({ head }) => head.toString('latin1', 0, 8) === 'vhdxfile',
  open: openVhdx,
  create: createVhdx,
  roundSize: (sizeBytes) => Math.ceil(sizeBytes / 512) * 512,
};
