/** Byte streams over a UNIX socket or TCP. What fails is named by component (`facts.component`). */
import { connect, isIPv4, type NetConnectOpts, type Socket } from 'node:net';
import { abortReason, Fault } from '#lib';

export function dialUnix(path: string, signal: AbortSignal): Promise<Socket> {
  return open({ path }, `the socket ${path}`, signal);
}

export function dialTcp(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return open({ host, port, noDelay: true }, `${host} port ${port}`, signal);
}

/** Whether what is sent there stays on this machine, as far as the address itself tells. */
export function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || (isIPv4(host) && host.startsWith('127.'));
}

function open(options: NetConnectOpts, place: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortReason(signal));
      return;
    }
    const socket = connect(options);
    const onAbort = (): void => {
      socket.destroy();
      reject(abortReason(signal));
    };
    const onError = (cause: Error): void => {
      signal.removeEventListener('abort', onAbort);
      reject(dialFault(place, cause));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      resolve(socket);
    });
  });
}

const components: Readonly<Record<string, readonly [component: string, hint: string]>> = {
  ENOTFOUND: ['name', 'check the host name'],
  EAI_AGAIN: ['name', 'check the name server'],
  ECONNREFUSED: ['port', 'check that libvirtd listens there'],
  EHOSTUNREACH: ['host', 'check the network and that the host is up'],
  ENETUNREACH: ['host', 'check the network'],
  ETIMEDOUT: ['host', 'check the network and the firewall'],
  ENOENT: ['path', 'check that libvirtd runs, or name its socket with ?socket='],
  EACCES: ['login', 'the user of this program may not open the socket'],
};

/** A failure of the system on the way to a server. */
export function dialFault(place: string, cause: unknown): Fault {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const [component, hint] = components[code] ?? ['transport', undefined];
  return new Fault('unavailable', `cannot connect to ${place}`, {
    cause,
    facts: { component },
    hint,
  });
}
