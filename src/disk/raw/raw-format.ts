/** Raw: the file is the disk. No structure, so nothing to check; holes of the host are its only mapping. */
import type { DiskFile } from '../file/disk-file.ts';
import { fillFile } from '../file/fill.ts';
import type { CreateOptions, Format } from '../format.ts';
import { sectorBytes } from '../limits.ts';
import { RawLayer } from './raw-layer.ts';

export const rawFormat: Format = {
  name: 'raw',
  title: 'Raw image',
  suffixes: ['raw', 'img', 'iso', 'vfd', 'flp', 'bin', 'dd'],
  variants: ['sparse', 'full'],
  recognise: () => true,
  open: (source) => RawLayer.open(source.file),
  async create(file: DiskFile, options: CreateOptions) {
    await file.truncate(options.sizeBytes);
    if (options.preallocation === 'full' || options.variant === 'full') {
      await fillFile(file, 0, options.sizeBytes, options);
    }
  },
  roundSize: (sizeBytes) => Math.ceil(sizeBytes / sectorBytes) * sectorBytes,
};
