/**
 * What the host reaches over an interface: routers that answer ARP (RFC 826) or neighbour discovery (RFC 4861), and
 * its coordinator. Asked before a change and after it.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6 } from 'node:net';
import { z } from 'zod';
import { systemClock } from '#lib';
import { run } from '../programs.ts';

/** RFC 863: whoever gets it throws it away. */
const discardPort = 9;
const askMs = 100;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Reach {
  /** Of those that were asked. */
  readonly routers: readonly string[];
  readonly coordinator: 'reached' | 'not-reached';
}

export interface Question {
  readonly ip: string;
  /** Interface that the routers are at. */
  readonly name: string;
  readonly routers: readonly string[];
  /** Undefined: nobody is asked, and it counts as reached. */
  readonly coordinator: Endpoint | undefined;
}

/** What answers within the time. */
export async function lookAround(question: Question, limitMs: number): Promise<Reach> {
  const untilMs = systemClock.now() + limitMs;
  const { routers, coordinator } = question;
  const [answers, reached] = await Promise.all([
    Promise.all(routers.map((one) => answersAs(question, one, untilMs))),
    coordinator === undefined || isReached(coordinator, untilMs),
  ]);
  return {
    routers: routers.filter((_, at) => answers[at]),
    coordinator: reached ? 'reached' : 'not-reached',
  };
}

/** What was reached before and is not any more, in words for people. */
export function lostSince(now: Reach, before: Reach): readonly string[] {
  const lost = before.routers
    .filter((router) => !now.routers.includes(router))
    .map((router) => `the router ${router} does not answer`);
  const away = before.coordinator === 'reached' && now.coordinator === 'not-reached';
  return away ? [...lost, 'the coordinator is not reached'] : lost;
}

const neighboursSchema = z
  .array(z.object({ lladdr: z.string().max(64).optional(), state: z.array(z.string().max(32)) }))
  .max(1024);
const answered = new Set(['REACHABLE', 'PERMANENT', 'NOARP']);

/** What is known of the router is forgotten first: only a new answer counts. */
async function answersAs(
  { ip, name }: Question,
  router: string,
  untilMs: number,
): Promise<boolean> {
  const at = ['to', router, 'dev', name];
  await run(ip, ['neighbour', 'flush', ...at]).catch(() => undefined);
  for (;;) {
    await sendTo(router, name);
    await systemClock.sleep(askMs);
    const told = await run(ip, ['-json', 'neighbour', 'show', ...at]).catch(() => '[]');
    const { data = [] } = neighboursSchema.safeParse(JSON.parse(told === '' ? '[]' : told));
    if (data.some(({ state }) => state.some((one) => answered.has(one)))) return true;
    if (systemClock.now() > untilMs) return false;
  }
}

async function sendTo(router: string, name: string): Promise<void> {
  const isV6 = isIPv6(router);
  const socket = createSocket(isV6 ? 'udp6' : 'udp4');
  socket.on('error', () => undefined);
  // An address of the link says on which one.
  const address = /^fe[89ab]/i.test(router) ? `${router}%${name}` : router;
  try {
    await new Promise<void>((resolve) =>
      socket.send(Buffer.alloc(1), discardPort, address, () => resolve()),
    );
  } finally {
    socket.close();
  }
}

/** Whether a new connection comes about. */
async function isReached({ host, port }: Endpoint, untilMs: number): Promise<boolean> {
  for (;;) {
    const socket = connect({ host, port });
    try {
      await once(socket, 'connect', {
        signal: AbortSignal.timeout(Math.max(askMs, untilMs - systemClock.now())),
      });
      return true;
    } catch {
      if (systemClock.now() > untilMs) return false;
      await systemClock.sleep(askMs);
    } finally {
      socket.destroy();
    }
  }
}
