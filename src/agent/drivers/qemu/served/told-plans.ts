/**
 * A plan as it is told to the process that serves disks: one line of JSON to its socket, one line back, `ready` or the
 * fault as data. Whoever reaches the socket has the account of the vm, and so do the files.
 */
import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { rm } from 'node:fs/promises';
import { Fault, faultToData, toFault } from '#lib';
import { maxPlanBytes, servedPlanSchema, type ServedPlan } from './served-plan.ts';
import { readLine } from './read-line.ts';

const maxTellers = 4;
/** For a line to come whole. */
const lineMs = 10_000;

/** Hears plans until it is disposed of. Faults: `unavailable` where the socket cannot be made. */
export async function listenForPlans(
  path: string,
  onPlan: (plan: ServedPlan) => Promise<void>,
): Promise<AsyncDisposable> {
  await rm(path, { force: true });
  const tellers = new Set<Socket>();
  const server = createServer((socket) => {
    tellers.add(socket);
    socket.once('close', () => tellers.delete(socket));
    void hear(socket, onPlan);
  });
  server.maxConnections = maxTellers;
  // The socket is made within the call, with the rights of everybody less this mask: 0600.
  const mask = process.umask(0o177);
  server.listen(path);
  process.umask(mask);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Fault('unavailable', `cannot be told at ${path}`, { cause });
  }
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of tellers) socket.destroy();
    },
  };
}

async function hear(socket: Socket, onPlan: (plan: ServedPlan) => Promise<void>): Promise<void> {
  socket.on('error', () => undefined);
  try {
    const line = await readLine(socket, maxPlanBytes, AbortSignal.timeout(lineMs));
    await onPlan(servedPlanSchema.parse(JSON.parse(line)));
    socket.end('ready\n');
  } catch (error) {
    socket.end(`${JSON.stringify(faultToData(toFault(error)))}\n`);
  }
}

/** The answer's line, or undefined where nobody hears. Faults: `timeout`. */
export async function tellPlan(
  path: string,
  plan: ServedPlan,
  signal: AbortSignal,
): Promise<string | undefined> {
  const socket = connect(path);
  try {
    await once(socket, 'connect', { signal });
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw error;
    return undefined;
  }
  socket.on('error', () => undefined);
  try {
    socket.write(`${JSON.stringify(plan)}\n`);
    // One that ends meanwhile has not answered.
    const gone = (error: unknown): string => {
      if (error instanceof Fault) throw error;
      return '';
    };
    const answer = await readLine(socket, maxPlanBytes, signal).catch(gone);
    return answer === '' ? undefined : answer;
  } finally {
    socket.destroy();
  }
}
