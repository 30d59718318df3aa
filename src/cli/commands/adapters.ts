/** Network adapters of a vm. */
import {
  portPriorities,
  type Adapter,
  type AdapterChange,
  type Client,
  type VlanRange,
} from '#api';
import { Fault, parseBitRate } from '#lib';
import { command, type Values } from '../command.ts';
import { firewallOf, firewallOptions } from '../firewall-options.ts';
import { finish } from '../progress.ts';

const vmArgument = { name: 'vm', meaning: 'name or id', completes: 'vm' } as const;

const networkOption = {
  network: {
    type: 'text',
    value: 'NETWORK',
    meaning: 'name or id of a network, user for a user-mode network, or none',
  },
} as const;

/** What an adapter is plugged into, by the word that people give. */
function attachmentTo(network: string) {
  if (network === 'none' || network === 'user') return { kind: network } as const;
  return { kind: 'network', network } as const;
}

const macOption = {
  mac: {
    type: 'text',
    value: 'ADDRESS',
    meaning: 'MAC address of its own, or new for one that nobody has',
  },
} as const;

/** Addresses are written in lower case with colons; people write them otherwise too. */
function macChange(mac: string | undefined): Pick<AdapterChange, 'mac' | 'macMode'> {
  if (mac === undefined) return {};
  return mac === 'new' ? { macMode: 'dynamic' } : { mac: mac.toLowerCase().replaceAll('-', ':') };
}

const portOptions = {
  inbound: {
    type: 'text',
    value: 'RATE',
    meaning: 'most bits per second that the guest receives, for example 100M, or none',
  },
  outbound: {
    type: 'text',
    value: 'RATE',
    meaning: 'most bits per second that the guest sends, for example 10M, or none',
  },
  priority: {
    type: 'text',
    words: portPriorities,
    value: 'WORD',
    meaning: 'whose frames go first on a busy adapter of the host: low, normal or high',
  },
  address: {
    type: 'list',
    value: 'ADDRESS',
    meaning: 'addresses of its own in a network with IP source guard, or none',
  },
  vlan: {
    type: 'list',
    value: 'NUMBER[-NUMBER]',
    meaning: 'VLANs of a bridged network that reach the guest with their tag, or none',
  },
  ...firewallOptions,
} as const;

interface PortRun {
  readonly args: readonly string[];
  readonly options: Values<typeof portOptions>;
  readonly client: Client;
  readonly signal: AbortSignal;
}

type PortChange = Pick<
  AdapterChange,
  'bandwidth' | 'priority' | 'firewall' | 'addresses' | 'vlans'
>;

/** What was said of its port. What was not said of a part of it stays. */
async function portChanges(run: PortRun): Promise<PortChange> {
  const { inbound, outbound, priority, address, vlan } = run.options;
  const changes = {
    ...(priority === undefined ? {} : { priority }),
    ...(address === undefined ? {} : { addresses: address.filter((one) => one !== 'none') }),
    ...(vlan === undefined ? {} : { vlans: vlan.filter((one) => one !== 'none').map(parseVlans) }),
  };
  const names = ['inbound', 'outbound', 'rule', 'default-in', 'default-out'] as const;
  if (names.every((name) => run.options[name] === undefined)) return changes;
  const { bandwidth, firewall } = await adapterOf(run);
  const changed = firewallOf(run.options, firewall);
  return {
    ...changes,
    bandwidth: {
      inboundBitsPerSecond: inbound === undefined ? bandwidth.inboundBitsPerSecond : limit(inbound),
      outboundBitsPerSecond:
        outbound === undefined ? bandwidth.outboundBitsPerSecond : limit(outbound),
    },
    ...(changed === undefined ? {} : { firewall: changed }),
  };
}

/** `120`, `200-210`. */
function parseVlans(text: string): VlanRange {
  const [first = '', last = first] = text.split('-');
  return { first: Number(first), last: Number(last) };
}

const limit = (text: string): number | null => (text === 'none' ? null : parseBitRate(text));

/** Errors: `not-found`. */
async function adapterOf({
  client,
  args: [vm = '', slot = ''],
  signal,
}: Pick<PortRun, 'args' | 'client' | 'signal'>): Promise<Adapter> {
  const { definition } = await client.call('vm.show', { params: { vm } }, signal);
  const adapter = definition.hardware.adapters.find((one) => String(one.slot) === slot);
  if (adapter !== undefined) return adapter;
  throw new Fault('not-found', `${vm} has no network adapter in slot ${slot}`, {
    hint: `look at those that it has: gantry vm show ${vm}`,
  });
}

export const adapterCommands = [
  command({
    name: 'vm attach-adapter',
    summary: 'add a network adapter, while running where it can',
    args: [vmArgument],
    options: {
      model: {
        type: 'text',
        words: ['virtio', 'e1000', 'e1000e', 'pcnet', 'tulip', 'rtl8139'],
        value: 'MODEL',
        meaning: "default: the profile's",
      },
      ...networkOption,
      ...macOption,
    },
    examples: [
      'gantry vm attach-adapter web-1 --model e1000',
      'gantry vm attach-adapter web-1 --network lab',
    ],
    async run(run) {
      const vm = run.args[0] ?? '';
      const { model, network, mac } = run.options;
      const body = {
        ...macChange(mac),
        ...(model === undefined ? {} : { model }),
        ...(network === undefined ? {} : { attachment: attachmentTo(network) }),
      };
      const started = await run.client.call(
        'vm.adapter.attach',
        { params: { vm }, body },
        run.signal,
      );
      await finish(
        run,
        started,
        (ended) => `adapter ${String(ended.result?.['slot'] ?? '')} was added to ${vm}`,
      );
    },
  }),
  command({
    name: 'vm set-adapter',
    summary:
      'change an adapter: its network, cable, limits and firewall, while running where it can',
    args: [vmArgument, { name: 'slot', meaning: 'number of the adapter' }],
    options: {
      ...networkOption,
      ...macOption,
      link: {
        type: 'text',
        words: ['up', 'down'],
        value: 'WORD',
        meaning: 'down: the guest sees an adapter without a cable',
      },
      optional: {
        type: 'text',
        words: ['yes', 'no'],
        value: 'WORD',
        meaning: 'yes: the vm starts without its network, with a warning',
      },
      ...portOptions,
    },
    examples: [
      'gantry vm set-adapter web-1 0 --network lab',
      'gantry vm set-adapter web-1 0 --link down',
      'gantry vm set-adapter web-1 0 --mac 02:00:5e:10:00:01',
      'gantry vm set-adapter web-1 0 --inbound 100M --outbound 10M --priority low',
      'gantry vm set-adapter web-1 0 --default-in deny --rule "allow in tcp 22,80 from 10.80.0.0/24"',
    ],
    async run(run) {
      const [vm = '', slot = ''] = run.args;
      const { network, link, optional, mac } = run.options;
      const body = {
        ...macChange(mac),
        ...(network === undefined ? {} : { attachment: attachmentTo(network) }),
        ...(link === undefined ? {} : { link }),
        ...(optional === undefined ? {} : { optional: optional === 'yes' }),
        ...(await portChanges(run)),
      };
      const started = await run.client.call(
        'vm.adapter.change',
        { params: { vm, slot }, body },
        run.signal,
      );
      await finish(run, started, ({ result }) =>
        result?.['live'] === true
          ? `adapter ${slot} of ${vm} was changed`
          : `adapter ${slot} of ${vm} is changed from the next start on`,
      );
    },
  }),
  command({
    name: 'vm detach-adapter',
    summary: 'remove a network adapter',
    args: [vmArgument, { name: 'slot', meaning: 'number of the adapter' }],
    examples: ['gantry vm detach-adapter web-1 1'],
    async run(run) {
      const [vm = '', slot = ''] = run.args;
      const started = await run.client.call(
        'vm.adapter.detach',
        { params: { vm, slot } },
        run.signal,
      );
      await finish(run, started, () => `adapter ${slot} was removed from ${vm}`);
    },
  }),
];
