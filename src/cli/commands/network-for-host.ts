/**
 * In one step the networks that a host is usually wanted to have: an internal one, and a bridged one for each of its
 * adapters (docs/rfd/0017). What is there already stays, so that it may be asked for again.
 */
import { networkCreateSchema, type HostAdapter, type Network, type NetworkCreate } from '#api';
import { command, type Command } from '../command.ts';
import { collect } from '../lists.ts';
import { wasOrWouldBe } from '../output/human.ts';
import { tellWarnings } from '../progress.ts';

const internalName = 'internal';

export interface PlannedNetworks {
  readonly create: readonly Pick<NetworkCreate, 'name' | 'type' | 'adapter'>[];
  /** Adapters with addresses of the host: no vm can be on their networks until host and networks share them. */
  readonly toShare: readonly string[];
}

/** Pure. A network is for all hosts, so that two hosts which both have an `eno1` have one network at it. */
export function planForHost(
  adapters: readonly Pick<HostAdapter, 'name' | 'use' | 'addresses'>[],
  networks: readonly Pick<Network, 'name' | 'type' | 'adapter' | 'vlan'>[],
): PlannedNetworks {
  const taken = new Set(networks.map(({ name }) => name));
  const served = new Set(networks.flatMap(({ adapter, vlan }) => (vlan === null ? adapter : null)));
  const freeName = (name: string): string => (taken.has(name) ? `${name}-external` : name);
  const usable = adapters.filter(({ use }) => use !== 'host');
  const bridged = usable
    .filter(({ name }) => !served.has(name))
    .map(({ name }) => ({ name: freeName(name), type: 'bridged' as const, adapter: name }));
  const hasInternal = networks.some(({ type }) => type === 'internal');
  return {
    create: [
      ...(hasInternal
        ? []
        : [{ name: freeName(internalName), type: 'internal' as const, adapter: null }]),
      ...bridged,
    ],
    toShare: usable
      .filter(({ use, addresses }) => use === 'any' && addresses.length > 0)
      .map(({ name }) => name),
  };
}

export const networkForHostCommands: readonly Command[] = [
  command({
    name: 'network create-for-host',
    summary:
      'create an internal network, and a bridged one for each adapter of a host; those that are there stay',
    args: [{ name: 'host', meaning: 'name or id', completes: 'host' }],
    examples: ['gantry network create-for-host h1'],
    async run({ args, client, out, dryRun, signal }) {
      const host = args[0] ?? '';
      const { items } = await client.call('host.adapters', { params: { host } }, signal);
      const networks = await collect({ client, signal }, 'network.list', {
        query: {},
        limit: undefined,
      });
      const { create, toShare } = planForHost(items, networks);
      for (const one of create) {
        const body = networkCreateSchema.parse(one);
        const network = await client.call('network.create', { body, query: {} }, signal);
        const at = network.adapter === null ? '' : ` at ${network.adapter}`;
        out.line(`network ${network.name}${at} ${wasOrWouldBe({ dryRun })} created`);
        tellWarnings(out, network);
      }
      if (create.length === 0) out.line('all of them are there already');
      // Sharing may cut the host off: it is asked for by itself, tried, verified and undone unless confirmed.
      for (const name of toShare) {
        out.note(
          `the adapter ${name} has addresses of the host: vms can be on its network once both share it`,
        );
        out.hint(`gantry host set-adapter ${host} ${name} --use shared`);
      }
    },
  }),
];
