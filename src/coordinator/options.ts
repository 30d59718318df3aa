/** What the coordinator is told when it is started. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Fault } from '#lib';
import { defaultPorts } from '#libvirt';

export const usage = `usage: node src/coordinator/main.ts --data DIR --config DIR --runtime DIR [options]

  --data DIR           what is kept: the store, the authority, the audit trail
  --config DIR         what the administrator gives: a certificate of one's own in tls/
  --runtime DIR        coordinator.json while it serves; may be gone after a restart of the machine
  --listen HOST:PORT   where it serves (127.0.0.1:7443); port 0 takes a free one
  --libvirt-listen HOST[:PORT]  where libvirt's clients of other machines are answered, over TLS (16514); default: nowhere
  --log LEVEL          trace, debug, info, warn, error
`;

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface CoordinatorOptions extends ListenAddress {
  readonly data: string;
  readonly config: string;
  readonly runtime: string;
  /** For libvirt's clients of other machines; default: nowhere. */
  readonly libvirt?: ListenAddress | undefined;
  readonly logLevel: string;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** Errors: `invalid` naming the option. */
export function parseOptions(args: readonly string[]): CoordinatorOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  if (!logLevels.includes(values.log)) throw wrong('log', `is one of ${logLevels.join(', ')}`);
  return {
    data: resolve(required('data', values.data)),
    config: resolve(required('config', values.config)),
    runtime: resolve(required('runtime', values.runtime)),
    ...parseListen('listen', values.listen),
    libvirt: parseLibvirt(values),
    logLevel: values.log,
  };
}

interface Values {
  readonly data: string | undefined;
  readonly config: string | undefined;
  readonly runtime: string | undefined;
  readonly listen: string;
  readonly 'libvirt-listen'?: string | undefined;
  readonly log: string;
  readonly help: boolean;
}

function parse(args: readonly string[]): Values {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        config: { type: 'string' },
        runtime: { type: 'string' },
        listen: { type: 'string', default: '127.0.0.1:7443' },
        'libvirt-listen': { type: 'string' },
        log: { type: 'string', default: 'info' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return { data: undefined, config: undefined, runtime: undefined, ...values };
  } catch (cause) {
    throw new Fault('invalid', 'options', { cause, hint: 'see --help' });
  }
}

function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw wrong(name, 'is needed');
  return value;
}

function parseLibvirt(values: Values): ListenAddress | undefined {
  const text = values['libvirt-listen'];
  if (text === undefined) return undefined;
  return parseListen('libvirt-listen', text, defaultPorts.tls);
}

/** `127.0.0.1:7443`, `[::1]:7443`, `name:0`; without a port only where there is a default. */
function parseListen(name: string, text: string, defaultPort?: number): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([\w.-]{1,253}))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? defaultPort ?? Number.NaN);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !(port <= 65_535))
    throw wrong(name, 'is an address and a port such as 127.0.0.1:7443');
  return { host, port };
}

function wrong(name: string, what: string): Fault {
  return new Fault('invalid', `option --${name} ${what}`, { hint: 'see --help' });
}
