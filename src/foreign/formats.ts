/** The formats of configurations, told apart by their content, never by the name of the file. */
import { Fault } from '#lib';
import type { ForeignMachine } from './machine.ts';
import { isOvf, parseOvf } from './ovf.ts';
import { decodeText } from './text.ts';
import { isVmc, parseVmc } from './vmc.ts';
import { isVmx, parseVmx } from './vmx.ts';

interface Format {
  readonly name: ForeignMachine['format'];
  readonly title: string;
  readonly is: (text: string) => boolean;
  readonly parse: (text: string) => ForeignMachine;
}

const formats: readonly Format[] = [
  { name: 'vmc', title: 'Virtual PC and Virtual Server', is: isVmc, parse: parseVmc },
  { name: 'vmx', title: 'VMware', is: isVmx, parse: parseVmx },
  { name: 'ovf', title: 'OVF', is: isOvf, parse: parseOvf },
];

/** Undefined for what is no configuration that is known. */
export function detectConfiguration(text: string): ForeignMachine['format'] | undefined {
  return formats.find((format) => format.is(text))?.name;
}

/** Faults: `unsupported` for what is none of them; `invalid`, `too-large` with the place. */
export function parseConfiguration(bytes: Uint8Array, name: string): ForeignMachine {
  const text = decodeText(bytes, name);
  const format = formats.find((one) => one.is(text));
  if (format === undefined)
    throw new Fault('unsupported', `${name} is no configuration of a vm that is known`, {
      hint: `known are those of: ${formats.map(({ title }) => title).join(', ')}`,
    });
  try {
    return format.parse(text);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault(cause.code, `cannot read ${name} as a configuration of ${format.title}`, {
      cause,
    });
  }
}
