/** The table: what the link's methods do on a foreign host. What is not carried is refused with the reason. */
import { linkMethods, type LinkMethod } from '#api';
import { Fault } from '#lib';
import type { Handlers } from '../link/calls.ts';
import { act, type ActTools } from './acts.ts';
import { missingAbilities } from './abilities.ts';
import { consoleVerbs, type ConsoleParts } from './console-verbs.ts';
import type { ForeignHost } from './foreign-host.ts';
import { snapshotVerbs } from './snapshots/snapshot-verbs.ts';

export function makeForeignHandlers(
  host: ForeignHost,
  tools: ActTools,
  consoles: ConsoleParts,
): Handlers {
  const { client, machines, look } = tools;
  const snapshots = snapshotVerbs({ client, machines, read: (uuid) => host.read(uuid) });
  const carried: Partial<Handlers> = {
    async 'host.configure'({ settings }) {
      await host.configure(settings);
      return {};
    },
    'host.probe': async (_, { signal }) => ({ facts: await host.readFacts(signal) }),
    async 'host.diagnose'() {
      return { findings: [await host.diagnose()] };
    },
    async 'host.discover'() {
      await look();
      return { machines: machines.records() };
    },
    // None is carried here, and nobody has to be told so each time that one changes.
    'network.configure': async () => ({}),
    'network.ports': async () => ({ ports: [] }),
    async 'machine.check'({ id, request }) {
      machines.find(id);
      const reasons =
        request.without === undefined && request.bootOnce === undefined
          ? []
          : [{ code: 'unsupported', text: 'libvirt starts a vm only as it is defined' }];
      return { ok: reasons.length === 0, reasons, warnings: [] };
    },
    async 'machine.act'(params, { signal }) {
      await act(tools, params, signal);
      return { report: machines.report(params.id) };
    },
    async 'machine.forget'({ id }) {
      throw new Fault('refused', `${machines.find(id).handle.name} is still on its hypervisor`, {
        hint: 'undefine it there, or remove the host from Gantry',
      });
    },
  };
  return { ...refusals(host.name), ...carried, ...consoleVerbs(host, consoles), ...snapshots };
}

function refusals(hostName: string): Handlers {
  const refuse = (method: LinkMethod) => async (): Promise<never> => {
    const reason = missingAbilities[method.startsWith('machine.') ? 'configure' : 'create'];
    const why = reason === undefined ? '' : `: ${reason}`;
    throw new Fault('unsupported', `host ${hostName} is a libvirt connection${why}`);
  };
  const methods = Object.keys(linkMethods) as LinkMethod[];
  const entries = methods.map((method) => [method, refuse(method)] as const);
  return Object.fromEntries(entries) as Record<LinkMethod, () => Promise<never>>;
}
