/** The limits and priorities of this host's ports in force: what is there is read, and the difference is done. */
import type { NetworkSpec } from '#api';
import { describeFault, type Reason } from '#lib';
import type { Log } from '#log';
import type { Link } from './links.ts';
import {
  parseDisciplines,
  parseLead,
  planLimits,
  planUplinks,
  type LimitedPort,
  type TrafficCall,
} from './limits.ts';
import type { NetworkPlan } from './plan.ts';
import { limitsOf, tappedPorts, type Port } from './ports.ts';
import { run, type Programs } from './programs.ts';

export interface Limits {
  readonly ports: readonly LimitedPort[];
  /** Adapters of the host that are to send by priority. */
  readonly uplinks: ReadonlySet<string>;
}

export interface LimitHost {
  readonly programs: Pick<Programs, 'ip' | 'tc'>;
  readonly hostId: string;
  readonly log: Log;
}

/** The reason where they cannot be set. */
export async function keepLimits(
  host: LimitHost,
  ports: ReadonlyMap<string, Port>,
  plans: ReadonlyMap<NetworkSpec, NetworkPlan>,
  links: readonly Link[],
): Promise<Reason | undefined> {
  try {
    const limits = limitsOf(tappedPorts(host.hostId, ports, links), plans);
    await converge(host, limits, links);
    return undefined;
  } catch (error) {
    const why = describeFault(error);
    host.log.warn({ why }, 'limits of ports');
    return { code: 'limits-failed', text: `limits cannot be set: ${why}` };
  }
}

async function converge(
  { programs, hostId }: LimitHost,
  { ports, uplinks }: Limits,
  links: readonly Link[],
): Promise<void> {
  const disciplines = parseDisciplines(await run(programs.tc, ['-json', 'qdisc', 'show']));
  const ledTo = new Map<string, string>();
  for (const { tap, bandwidth } of ports) {
    const isLed = disciplines.some(({ dev, kind }) => dev === tap && kind === 'clsact');
    if (bandwidth.outboundBitsPerSecond === null || !isLed) continue;
    const lead = parseLead(
      await run(programs.tc, ['-json', 'filter', 'show', 'dev', tap, 'ingress']),
    );
    if (lead !== undefined) ledTo.set(tap, lead);
  }
  const calls: readonly TrafficCall[] = [
    ...planLimits(hostId, ports, { links, disciplines, ledTo }),
    ...planUplinks(uplinks, disciplines),
  ];
  for (const { program, args } of calls) await run(programs[program], args);
}
