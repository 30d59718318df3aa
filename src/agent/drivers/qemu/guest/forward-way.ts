/**
 * The way to a guest through a port forward of the user-mode network: a connection that the guest takes or refuses shows
 * that its kernel lives. QEMU itself takes every connection at once; what the guest did is in its table.
 */
import { connect } from 'node:net';
import type { VmStatus } from '#api';
import { systemClock } from '#lib';
import { qmp, type QmpClient } from '#qemu';
import type { NetworkSign } from '../../guest-health.ts';
import type { Way } from './reachability.ts';

/** For a guest in the same machine a long time. */
const answerMs = 1_500;
const monitorMs = 2_000;

type Forward = VmStatus['forwards'][number];

/** Through the first TCP forward; undefined where there is none. */
export function forwardWay(
  forwards: VmStatus['forwards'],
  client: () => QmpClient,
): Way | undefined {
  const forward = forwards.find(({ protocol }) => protocol === 'tcp');
  if (forward === undefined) return undefined;
  return (_look, signal) => tryForward(forward, client, signal).catch(() => 'unknown');
}

async function tryForward(
  { hostAddress, hostPort }: Forward,
  client: () => QmpClient,
  signal: AbortSignal,
): Promise<NetworkSign> {
  const host = hostAddress === '' || hostAddress === '0.0.0.0' ? '127.0.0.1' : hostAddress;
  const socket = connect({ host, port: hostPort });
  const heard = Promise.withResolvers<NetworkSign>();
  let isTaken = false;
  socket.once('connect', () => (isTaken = true));
  socket.once('data', () => heard.resolve('answers'));
  // Reset by the guest; a connection that nobody took is QEMU's own.
  socket.once('error', () => heard.resolve(isTaken ? 'answers' : 'unknown'));
  socket.once('close', () => heard.resolve(isTaken ? 'answers' : 'unknown'));
  try {
    const early = await Promise.race([heard.promise, systemClock.sleep(answerMs, signal)]);
    if (early !== undefined) return early;
    const options = { timeoutMs: monitorMs, signal };
    const connections = await qmp.infoUsernet(client(), options);
    const waits = connections.some(({ state, port }) => state === 'SYN_SENT' && port === hostPort);
    return waits ? 'silent' : 'answers';
  } finally {
    socket.destroy();
  }
}
