/** QCOW2, docs/interop/qcow2.txt of QEMU: versions 2 and 3 read and written; subclusters only read. */
import type { Format } from '../format.ts';
import { createQcow2 } from './create.ts';
import { magic, readHeader } from './header.ts';
import { openQcow2 } from './qcow2-layer.ts';

export const qcow2Format: Format = {
  name: 'qcow2',
  title: 'QCOW2 of QEMU',
  suffixes: ['qcow2', 'qcow'],
  variants: ['v3', 'v2', 'v3-subclusters'],
  recognise: ({ head }) =>
    head.length >= 8 && head.readUInt32BE(0) === magic && head.readUInt32BE(4) >= 2,
  open: async ({ file }) => openQcow2(file, await readHeader(file)),
  create: createQcow2,
  roundSize: (sizeBytes) => Math.ceil(sizeBytes / 512) * 512,
};
