/** What the agent is told when it is started. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Fault } from '#lib';
import type { Endpoint } from './network/linux/adapters/reach.ts';

export const usage = `usage: node src/agent/main.ts --data DIR --runtime DIR --coordinator URL [options]

  --data DIR          what is kept: records of vms, certificate, events, vms by default
  --runtime DIR       sockets; may be gone after a restart of the host
  --coordinator URL   https://host:port
  --driver NAME       qemu (default) or simulated
  --name NAME         name of the host; default: the machine's own
  --token-file FILE   one-time token to join with, one per line and host; or GANTRY_JOIN_TOKEN
  --authority FILE    certificate of the authority to trust when joining (PEM)
  --fingerprint HEX   or the SHA-256 of it
  --hosts N           simulated: how many hosts (1)
  --vms M             simulated: how many vms each (0)
  --seed TEXT         simulated: where chance begins (gantry)
  --faults LEVEL      simulated: none (default) or some
  --leave             take networks and all else from this machine, and end
  --log LEVEL         trace, debug, info, warn, error
`;

export interface AgentOptions {
  readonly dataDir: string;
  readonly runtimeDir: string;
  readonly coordinator: URL;
  readonly driver: 'qemu' | 'simulated';
  readonly hostName: string;
  readonly tokenFile: string | undefined;
  readonly authorityFile: string | undefined;
  readonly fingerprint: string | undefined;
  readonly hosts: number;
  readonly vms: number;
  readonly seed: string;
  readonly faults: 'none' | 'some';
  /** What it is started for: to serve, or to take from the machine what agents have made there. */
  readonly work: 'serve' | 'leave';
  readonly logLevel: string;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** Errors: `invalid` naming the option. */
export function parseOptions(args: readonly string[]): AgentOptions | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  const driver = values.driver;
  if (driver !== 'qemu' && driver !== 'simulated') throw wrong('driver', 'is qemu or simulated');
  const faults = values.faults;
  if (faults !== 'none' && faults !== 'some') throw wrong('faults', 'is none or some');
  if (!logLevels.includes(values.log)) throw wrong('log', `is one of ${logLevels.join(', ')}`);
  const hosts = parseCount('hosts', values.hosts, 1, 1_000);
  if (hosts > 1 && driver === 'qemu') throw wrong('hosts', 'is for simulated hosts');
  return {
    dataDir: resolve(required('data', values.data)),
    runtimeDir: resolve(required('runtime', values.runtime)),
    coordinator: parseUrl(required('coordinator', values.coordinator)),
    driver,
    hostName: values.name ?? hostname(),
    tokenFile: values['token-file'],
    authorityFile: values.authority,
    fingerprint: values.fingerprint,
    hosts,
    vms: parseCount('vms', values.vms, 0, 20_000),
    seed: values.seed,
    faults,
    work: values.leave ? 'leave' : 'serve',
    logLevel: values.log,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        runtime: { type: 'string' },
        coordinator: { type: 'string' },
        driver: { type: 'string', default: 'qemu' },
        name: { type: 'string' },
        'token-file': { type: 'string' },
        authority: { type: 'string' },
        fingerprint: { type: 'string' },
        hosts: { type: 'string', default: '1' },
        vms: { type: 'string', default: '0' },
        seed: { type: 'string', default: 'gantry' },
        faults: { type: 'string', default: 'none' },
        leave: { type: 'boolean', default: false },
        log: { type: 'string', default: 'info' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    throw new Fault('invalid', 'options', { cause, hint: 'see --help' });
  }
}

function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw wrong(name, 'is needed');
  return value;
}

function parseCount(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw wrong(name, `is a whole number from ${min} to ${max}`);
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === 'https:') return url;
  throw wrong('coordinator', 'is an address such as https://127.0.0.1:7443');
}

/** What the agent connects to, as sockets want it. */
export const endpointOf = ({ hostname, port }: URL): Endpoint => ({
  // The brackets of an address of IPv6 belong to the URL.
  host: hostname.replace(/^\[(.*)\]$/, '$1'),
  port: port === '' ? 443 : Number(port),
});

function wrong(name: string, what: string): Fault {
  return new Fault('invalid', `option --${name} ${what}`, { hint: 'see --help' });
}
