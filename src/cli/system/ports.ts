/**
 * All network ports of an installation, and what a test of each finds out now (SEC-70). The manual lists the
 * same (docs/manual/operators/security.md).
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Client, Host, Vm } from '#api';
import { withDeadline } from '#lib';

export interface PortFinding {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly direction: 'in' | 'out';
  /** The address that listens, or for `out` who dials. */
  readonly where: string;
  readonly purpose: string;
  readonly encryption: string;
  readonly result: 'ok' | 'failed' | 'not tested';
  readonly evidence: string;
}

/** As the manual names them. */
export const portPurposes = {
  coordinator: 'console, API, consoles of vms, agents, /metrics',
  link: 'the link and streams',
  viewers: 'screens of vms',
  forward: 'into a guest',
} as const;

const answerMs = 3_000;
type Outcome = Pick<PortFinding, 'result' | 'evidence'>;

export interface PortQuestion {
  readonly client: Client;
  /** Whether the server is this machine's own, so that its loopback address is ours. */
  readonly isLocal: boolean;
  readonly signal: AbortSignal;
}

export async function testPorts(question: PortQuestion): Promise<readonly PortFinding[]> {
  const { client, signal } = question;
  const url = new URL(client.server);
  const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port);
  const findings: PortFinding[] = [await testCoordinator(url, port, signal)];
  for await (const host of client.list('host.list', {}, signal))
    if (host.connection === null) findings.push(judgeLink(host, port), ...judgeViewers(host));
  for await (const vm of client.list('vm.list', { filter: 'state = running' }, signal))
    for (const forward of vm.status.forwards)
      findings.push(await testForward(vm, forward, question));
  return findings;
}

async function testCoordinator(url: URL, port: number, signal: AbortSignal): Promise<PortFinding> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const frame = {
    port,
    protocol: 'tcp',
    direction: 'in',
    where: host,
    purpose: portPurposes.coordinator,
  } as const;
  if (url.protocol !== 'https:')
    return { ...frame, encryption: 'none', ...(await dial(host, port, signal)) };
  try {
    const encryption = await handshake(host, port, signal);
    return { ...frame, encryption, result: 'ok', evidence: 'its certificate is trusted' };
  } catch (error) {
    return { ...frame, encryption: 'TLS', ...failed(error) };
  }
}

/** The version of TLS that is spoken. */
function handshake(host: string, port: number, outer: AbortSignal): Promise<string> {
  return withDeadline(`an answer of ${host}:${port}`, answerMs, outer, async (signal) => {
    const socket = connectTls({ host, port });
    const end = (): void => void socket.destroy();
    signal.addEventListener('abort', end, { once: true });
    try {
      await once(socket, 'secureConnect', { signal });
      return socket.getProtocol() ?? 'TLS';
    } finally {
      end();
    }
  });
}

/** An agent dials: its host needs no open port, and a host that is connected proves the way. */
function judgeLink(host: Host, port: number): PortFinding {
  const connected = host.status === 'ready' || host.status === 'service-stopped';
  return {
    port,
    protocol: 'tcp',
    direction: 'out',
    where: `host ${host.name}`,
    purpose: portPurposes.link,
    encryption: 'TLS with certificates of both sides',
    result: connected ? 'ok' : 'failed',
    evidence: connected ? 'its agent is connected' : (host.statusReason ?? host.status),
  };
}

/** Its agent listens, and says how that went. */
function judgeViewers({ name, settings, viewers }: Host): readonly PortFinding[] {
  const { state, reason, address, ports, tls } = viewers;
  if (state === 'off' || state === 'unsupported') return [];
  return [
    {
      port: settings.viewers.firstPort,
      protocol: 'tcp',
      direction: 'in',
      where: settings.viewers.address ?? address ?? `host ${name}`,
      purpose: `${portPurposes.viewers}: ports ${ports} of host ${name}`,
      encryption: tls === 'required' ? 'TLS' : 'TLS, or none',
      result: state === 'listening' ? 'ok' : state === 'failed' ? 'failed' : 'not tested',
      evidence: reason ?? 'its agent listens',
    },
  ];
}

async function testForward(
  vm: Vm,
  { protocol, hostAddress, hostPort, guestPort }: Vm['status']['forwards'][number],
  { isLocal, signal }: PortQuestion,
): Promise<PortFinding> {
  const isLoopback = /^(127\.|::1$|localhost$)/.test(hostAddress);
  const outcome: Outcome =
    isLoopback && !isLocal
      ? { result: 'not tested', evidence: `reached on host ${vm.host} alone` }
      : protocol === 'tcp'
        ? await dial(hostAddress === '0.0.0.0' ? '127.0.0.1' : hostAddress, hostPort, signal)
        : await findTaken(hostAddress, hostPort);
  return {
    port: hostPort,
    protocol,
    direction: 'in',
    where: hostAddress,
    purpose: `${portPurposes.forward}: port ${guestPort} of vm ${vm.name}`,
    encryption: "the guest's own",
    ...outcome,
  };
}

async function dial(host: string, port: number, outer: AbortSignal): Promise<Outcome> {
  try {
    await withDeadline(`an answer of ${host}:${port}`, answerMs, outer, async (signal) => {
      const socket = connect({ host, port });
      try {
        await once(socket, 'connect', { signal });
      } finally {
        socket.destroy();
      }
    });
    return { result: 'ok', evidence: 'it takes connections' };
  } catch (error) {
    return failed(error);
  }
}

/** UDP answers nothing by itself: a port that is listened on cannot be taken by somebody else. */
async function findTaken(address: string, port: number): Promise<Outcome> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    const bound = once(socket, 'listening');
    socket.bind({ port, address, exclusive: true });
    await bound;
    return { result: 'failed', evidence: 'nothing listens there' };
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    return taken ? { result: 'ok', evidence: 'it is listened on' } : failed(error);
  } finally {
    socket.close();
  }
}

function failed(error: unknown): Outcome {
  return { result: 'failed', evidence: error instanceof Error ? error.message : String(error) };
}
