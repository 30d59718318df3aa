/**
 * What keeps network adapters from being plugged in: the ports that lead to the guest, what it boots from.
 * An adapter that is marked optional keeps nothing from starting: it is left unplugged and that is said
 * (VM-72).
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Adapter, PortForward } from '#api';
import { Fault, type Reason } from '#lib';
import type { MachineFile } from '../../machine/record.ts';
import { weighAdapters } from '../../network/networks.ts';
import type { Findings } from '../driver.ts';
import { checkBootFile } from './check-boot-file.ts';
import type { CheckedHost } from './checks.ts';

export async function checkAdapters(
  file: MachineFile,
  host: Pick<CheckedHost, 'folders'>,
): Promise<Findings> {
  const { adapters } = file.definition.hardware;
  const found: Reason[][] = [];
  for (const adapter of adapters) found[adapter.slot] = await checkAdapter(file, adapter, host);
  return weighAdapters(adapters, (slot) => found[slot] ?? []);
}

async function checkAdapter(
  file: MachineFile,
  adapter: Adapter,
  host: Pick<CheckedHost, 'folders'>,
): Promise<Reason[]> {
  const reasons = await checkBootFile(file, adapter, host);
  const { attachment } = adapter;
  if (attachment.kind !== 'user') return reasons;
  for (const forward of attachment.forwards)
    if (forward.hostPort !== 0) reasons.push(...(await checkPort(forward)));
  return reasons;
}

type Forward = Pick<PortForward, 'protocol' | 'hostAddress' | 'hostPort'>;

async function checkPort(forward: Forward): Promise<Reason[]> {
  const { protocol, hostAddress, hostPort } = forward;
  const problem = await tryPort(forward);
  if (problem === undefined) return [];
  const what = `${protocol} port ${hostPort} of ${hostAddress}`;
  return [
    problem === 'EADDRINUSE'
      ? {
          code: 'port-in-use',
          text: `${what} is in use`,
          remedy: 'choose another host port, or 0 for any free one',
        }
      : {
          code: 'port-unavailable',
          text: `${what} cannot be used (${problem})`,
          remedy: 'choose another host port',
        },
  ];
}

/** Undefined when it can be listened on. */
function tryPort({ protocol, hostAddress, hostPort }: Forward): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const onError = (error: Error): void => {
    resolve('code' in error && typeof error.code === 'string' ? error.code : error.message);
  };
  if (protocol === 'tcp') {
    const server = createServer();
    server.once('error', onError);
    server.listen({ host: hostAddress, port: hostPort, exclusive: true }, () => {
      server.close(() => resolve(undefined));
    });
  } else {
    const socket = createSocket('udp4');
    socket.once('error', onError);
    socket.bind({ address: hostAddress, port: hostPort, exclusive: true }, () => {
      socket.close(() => resolve(undefined));
    });
  }
  return promise;
}

/** A port nobody listens on at this moment. Errors: `exhausted`. */
export async function findFreePort(protocol: 'tcp' | 'udp', hostAddress: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const onError = (cause: Error): void =>
    reject(new Fault('exhausted', `no free ${protocol} port on ${hostAddress}`, { cause }));
  if (protocol === 'tcp') {
    const server = createServer();
    server.once('error', onError);
    server.listen({ host: hostAddress, port: 0 }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  } else {
    const socket = createSocket('udp4');
    socket.once('error', onError);
    socket.bind({ address: hostAddress, port: 0 }, () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  }
  return promise;
}
