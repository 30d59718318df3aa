/** From a connection address to an open connection: dial, log in, agree on features, open. */
import { Fault, withDeadline, type FaultCode } from '#lib';
import { dial } from '../dial/dial.ts';
import type { TlsCredentials } from '../dial/dial-tls.ts';
import { describeUri, parseUri, type LibvirtUri } from '../dial/uri.ts';
import { defaultKeepalive, type KeepaliveOptions } from '../link/keepalive.ts';
import { features, openReadOnly } from '../procedures/feature.ts';
import { authenticate, type PasswordCredentials } from './authenticate.ts';
import { Client, type ClientOptions } from './client.ts';

export interface ConnectOptions {
  readonly access?: 'read' | 'write' | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For everything until the connection is open. */
  readonly timeoutMs?: number | undefined;
  readonly tls?: TlsCredentials | undefined;
  readonly credentials?: PasswordCredentials | undefined;
  readonly unverified?: 'refused' | 'allowed' | undefined;
  /**
   * `off` for connections that carry a long stream: while its reader rests nothing is read, and a
   * server that was told of keepalive would take us for dead.
   */
  readonly keepalive?: KeepaliveOptions | 'off' | undefined;
  readonly onMessage?: ClientOptions['onMessage'];
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

const defaultTimeoutMs = 15_000;

/**
 * Opens a connection. Errors: those of `parseUri` and `dial`; `unauthenticated`; what the server says
 * to the name, `unsupported` when it has no such driver; `timeout`.
 */
export async function connectLibvirt(
  address: string | LibvirtUri,
  options: ConnectOptions = {},
): Promise<Client> {
  const uri = typeof address === 'string' ? parseUri(address) : address;
  const access = options.access ?? 'write';
  const peer = describeUri(uri);
  const what = `connect to ${peer}`;
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  return withDeadline(what, timeoutMs, options.signal, async (signal) => {
    const { tls, unverified, environment } = options;
    const socket = await dial(uri, { access, signal, tls, unverified, environment });
    const client = new Client(socket, { peer, onMessage: options.onMessage });
    try {
      const channel = uri.transport === 'tcp' ? 'open' : 'private';
      await authenticate(client, { signal, channel, credentials: options.credentials });
      await agreeOnKeepalive(client, options.keepalive ?? defaultKeepalive, signal);
      const flags = access === 'read' ? openReadOnly : 0;
      await client.call('CONNECT_OPEN', { name: uri.name, flags }, { signal });
      return client;
    } catch (error) {
      client.end();
      throw error instanceof Fault ? nameComponent(error, uri) : error;
    }
  });
}

/** Asking is telling: a server that has answered yes pings us too. */
async function agreeOnKeepalive(
  client: Client,
  keepalive: KeepaliveOptions | 'off',
  signal: AbortSignal,
): Promise<void> {
  if (keepalive === 'off') return;
  const answer = await client.call(
    'CONNECT_SUPPORTS_FEATURE',
    { feature: features.keepalive },
    { signal },
  );
  if (answer.supported === 1) client.startKeepalive(keepalive);
}

/** Where the fault does not say itself which part of the address it is about, its code does. */
function nameComponent(fault: Fault, uri: LibvirtUri): Fault {
  const components: Partial<Record<FaultCode, string>> = {
    unsupported: 'driver',
    unauthenticated: 'login',
    unavailable: 'transport',
    timeout: 'transport',
  };
  return new Fault(fault.code, `cannot open ${describeUri(uri)}`, {
    cause: fault,
    facts: { component: components[fault.code] ?? 'path', ...fault.facts },
    hint: fault.hint,
  });
}
