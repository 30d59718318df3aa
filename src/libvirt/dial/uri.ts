/**
 * Connection addresses, with libvirt's defaults (its page "Connection URIs" and "Remote support"):
 *
 *   driver[+transport]://[user@][host][:port]/[path][?parameters]
 *
 * What the server gets as the connection's name is the address without everything that says how to
 * reach it. Whatever is not understood is refused by name; nothing is ignored silently.
 */
import { Fault, unreachable } from '#lib';
import { describeDriver } from './driver-name.ts';

export const transports = ['unix', 'tcp', 'tls', 'ssh', 'libssh', 'libssh2', 'ext'] as const;
export type Transport = (typeof transports)[number];

export const defaultPorts = { ssh: 22, tcp: 16_509, tls: 16_514 } as const;

export interface LibvirtUri {
  /** The address as it was given, without surrounding blanks. */
  readonly text: string;
  readonly driver: string;
  readonly transport: Transport;
  readonly user: string | undefined;
  readonly host: string | undefined;
  /** The given port or the transport's own; undefined for UNIX sockets. */
  readonly port: number | undefined;
  /** With its leading slash, as in the hypervisor's local address. */
  readonly path: string;
  /** What the server is asked to open; empty lets it choose. */
  readonly name: string;
  readonly params: ConnectionParams;
}

/** The extra parameters that say how to reach the server. */
export interface ConnectionParams {
  /** The ssh program on this side. */
  readonly command: string | undefined;
  /** The server's UNIX socket; with ssh, the one on the far side. */
  readonly socket: string | undefined;
  /** The netcat program on the far side of ssh. */
  readonly netcat: string | undefined;
  readonly keyfile: string | undefined;
  readonly knownHosts: string | undefined;
  readonly knownHostsVerify: 'normal' | 'auto' | 'ignore';
  readonly pkipath: string | undefined;
  /** One daemon for all, one for each driver, or whichever is there. */
  readonly mode: 'auto' | 'legacy' | 'direct';
  /** What carries the frames on the far side of ssh. */
  readonly proxy: 'auto' | 'native' | 'netcat';
  /** Accept any certificate or host key. Needs the caller's consent when dialling. */
  readonly noVerify: boolean;
}

const maxUriLength = 4096;
const grammar =
  /^([a-z][a-z0-9-]*)?(?:\+([a-z0-9]+))?:\/\/(?:([^@/?#]*)@)?(\[[0-9a-f:.%a-z]+\]|[^:/?#@]*)(?::(\d{1,5}))?(\/[^?#]*)?(?:\?([^#]*))?$/i;

/**
 * Errors: `invalid` that names the failing component in `facts.component`; `unsupported` for what
 * libvirt once had.
 */
export function parseUri(given: string): LibvirtUri {
  const text = given.trim();
  if (text.length > maxUriLength) throw wrong('address', 'the connection address is too long');
  const match = grammar.exec(text);
  if (!match) {
    throw wrong('address', `"${text.slice(0, 200)}" is not a libvirt connection address`, {
      hint: 'write driver+transport://user@host:port/path, for example qemu+ssh://root@h1/system',
    });
  }
  const driver = (match[1] ?? 'remote').toLowerCase();
  checkDriver(driver);
  const host = emptyToUndefined(decode('host', match[4] ?? ''))?.replace(/^\[|\]$/g, '');
  const user = emptyToUndefined(decode('user', match[3] ?? ''));
  if (user?.includes(':')) {
    throw wrong('user', 'a connection address must not carry a password', {
      hint: 'give the password as a credential of the connection',
    });
  }
  for (const [component, value] of Object.entries({ user, host })) {
    if (value !== undefined && /^-|[\s\p{Cc}]/u.test(value)) {
      throw wrong(component, `"${value}" is not a ${component} name`);
    }
  }
  const transport = readTransport(match[2]?.toLowerCase(), host);
  const path = match[6] ?? '/';
  const { params, name, rest } = readParams(match[7] ?? '');
  const localName = driver === 'remote' ? '' : `${driver}://${path}${rest}`;
  return {
    text,
    driver,
    transport,
    user,
    host,
    port: readPort(match[5], transport),
    path,
    name: name ?? localName,
    params,
  };
}

/** The address without its parameters, for people: who is meant, not how to get there. */
export function describeUri(uri: LibvirtUri): string {
  const user = uri.user === undefined ? '' : `${uri.user}@`;
  const host = uri.host?.includes(':') ? `[${uri.host}]` : (uri.host ?? '');
  const port = uri.port === readPort(undefined, uri.transport) ? '' : `:${uri.port ?? ''}`;
  return `${uri.driver}+${uri.transport}://${user}${host}${port}${uri.path}`;
}

function checkDriver(driver: string): void {
  const facts = describeDriver(driver);
  if (facts.status === 'gone') {
    const since = facts.goneSince === undefined ? 'long ago' : `with libvirt ${facts.goneSince}`;
    throw new Fault('unsupported', `the driver ${driver} (${facts.title}) was removed ${since}`, {
      facts: { component: 'driver' },
      hint: 'connect to what replaced it, or to an old libvirtd with remote:// and ?name=',
    });
  }
  if (driver === 'lxe') throw wrong('driver', 'there is no driver lxe', { hint: 'write lxc' });
}

function readTransport(given: string | undefined, host: string | undefined): Transport {
  if (given === undefined) return host === undefined ? 'unix' : 'tls';
  const transport = transports.find((name) => name === given);
  if (transport === undefined) {
    throw wrong('transport', `there is no transport ${given}`, {
      hint: `use one of ${transports.join(', ')}`,
    });
  }
  return transport;
}

function readPort(given: string | undefined, transport: Transport): number | undefined {
  if (given !== undefined) {
    const port = Number(given);
    if (port < 1 || port > 65_535) throw wrong('port', `${given} is not a port`);
    return port;
  }
  switch (transport) {
    case 'tcp':
      return defaultPorts.tcp;
    case 'tls':
      return defaultPorts.tls;
    case 'ssh':
    case 'libssh':
    case 'libssh2':
      return defaultPorts.ssh;
    case 'unix':
    case 'ext':
      return undefined;
    default:
      return unreachable(transport);
  }
}

/** Parameters of libvirt's own that mean nothing to this client, and why. */
const refusedParams: Readonly<Record<string, string>> = {
  tls_priority: 'it is written for GnuTLS, which is not used here',
  sshauth: 'it belongs to the transports libssh and libssh2',
  no_sanity: 'certificates are always checked',
  auth: 'the connection carries its credentials',
};

function readParams(query: string): {
  readonly params: ConnectionParams;
  readonly name: string | undefined;
  readonly rest: string;
} {
  const own = new Map<string, string>();
  const rest: string[] = [];
  for (const pair of query.split(/[&;]/)) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const key = decode('parameter', at < 0 ? pair : pair.slice(0, at));
    const value = decode(key, at < 0 ? '' : pair.slice(at + 1));
    const refusal = Object.hasOwn(refusedParams, key) ? refusedParams[key] : undefined;
    if (refusal !== undefined)
      throw wrong(key, `the parameter ${key} is not supported: ${refusal}`);
    if (ownParams.has(key)) own.set(key, value);
    else rest.push(pair);
  }
  return {
    name: own.get('name'),
    rest: rest.length === 0 ? '' : `?${rest.join('&')}`,
    params: {
      command: emptyToUndefined(own.get('command')),
      socket: emptyToUndefined(own.get('socket')),
      netcat: emptyToUndefined(own.get('netcat')),
      keyfile: emptyToUndefined(own.get('keyfile')),
      knownHosts: emptyToUndefined(own.get('known_hosts')),
      knownHostsVerify: oneOf(own, 'known_hosts_verify', ['normal', 'auto', 'ignore'] as const),
      pkipath: emptyToUndefined(own.get('pkipath')),
      mode: oneOf(own, 'mode', ['auto', 'legacy', 'direct'] as const),
      proxy: oneOf(own, 'proxy', ['auto', 'native', 'netcat'] as const),
      noVerify: isOn(own.get('no_verify')),
    },
  };
}

/** `no_tty` is understood and always on: nobody sits at this client's terminal. */
const ownParams: ReadonlySet<string> = new Set([
  'name',
  'command',
  'socket',
  'netcat',
  'keyfile',
  'known_hosts',
  'known_hosts_verify',
  'pkipath',
  'mode',
  'proxy',
  'no_verify',
  'no_tty',
]);

function oneOf<T extends string>(
  own: ReadonlyMap<string, string>,
  key: string,
  allowed: readonly [T, ...T[]],
): T {
  const given = own.get(key);
  if (given === undefined || given === '') return allowed[0];
  const value = allowed.find((one) => one === given);
  if (value === undefined) {
    throw wrong(key, `${key} cannot be "${given}"`, { hint: `use one of ${allowed.join(', ')}` });
  }
  return value;
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0';
}

function decode(component: string, value: string): string {
  let out: string;
  try {
    out = decodeURIComponent(value);
  } catch (cause) {
    throw wrong(component, `the ${component} has a malformed % escape`, { cause });
  }
  if (/\p{Cc}/u.test(out)) throw wrong(component, `the ${component} has a control character`);
  return out;
}

function emptyToUndefined(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function wrong(
  component: string,
  message: string,
  more: { readonly hint?: string; readonly cause?: unknown } = {},
): Fault {
  return new Fault('invalid', message, { ...more, facts: { component } });
}
