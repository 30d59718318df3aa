/** The formats, in the order in which a file is offered to them. Raw is last: it takes anything. */
import { Fault } from '#lib';
import type { Format } from './format.ts';
import { parallelsFormat } from './foreign/parallels-format.ts';
import { qcow1Format } from './foreign/qcow1-format.ts';
import { qedFormat } from './foreign/qed-format.ts';
import { vdiFormat } from './foreign/vdi-format.ts';
import { qcow2Format } from './qcow2/qcow2-format.ts';
import { rawFormat } from './raw/raw-format.ts';
import { vhdFormat } from './vhd/vhd-format.ts';
import { vhdxFormat } from './vhdx/vhdx-format.ts';
import { vmdkFormat } from './vmdk/vmdk-format.ts';

export const formats: readonly Format[] = [
  qcow2Format,
  vhdxFormat,
  vmdkFormat,
  vdiFormat,
  qedFormat,
  parallelsFormat,
  qcow1Format,
  vhdFormat,
  rawFormat,
];

/** The format of that name. Faults: `unsupported`. */
export function formatNamed(name: string): Format {
  const format = formats.find((row) => row.name === name);
  if (format !== undefined) return format;
  throw new Fault('unsupported', `there is no disk format called "${name.slice(0, 40)}"`, {
    facts: { format: name.slice(0, 40) },
    hint: `use one of ${formats.map((row) => row.name).join(', ')}`,
  });
}
