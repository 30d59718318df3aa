/** Networks: what adapters of vms are plugged into, and the addresses that they lease. */
import {
  guardsDhcp,
  isolationReaders,
  isolationReads,
  isolationTraffic,
  networkTypes,
  openFirewall,
  type Network,
  type NetworkCreate,
  type NetworkForward,
  type NetworkReservation,
  type NetworkType,
} from '#api';
import { Fault } from '#lib';
import { command, type Command, type Values } from '../command.ts';
import { firewallLines, firewallOf, firewallOptions } from '../firewall-options.ts';
import { collect, listOptions, listQuery } from '../lists.ts';
import { wasOrWouldBe } from '../output/human.ts';
import { tellWarnings } from '../progress.ts';
import { writeList, writeThing } from '../output/render.ts';
import { notWell } from '../exit.ts';
import {
  flowColumns,
  identityColumns,
  leaseColumns,
  networkColumns,
  portColumns,
} from './columns.ts';
import { networkForHostCommands } from './network-for-host.ts';
import { withRisk } from './network-risk.ts';
import { dhcpOf, dhcpOptions, showDhcp } from './network-dhcp.ts';
import { ipv6Of, ipv6Options, showIpv6 } from './network-ipv6.ts';

const networkArgument = { name: 'network', meaning: 'name or id', completes: 'network' } as const;
const typeNames = Object.keys(networkTypes) as readonly NetworkType[];
const onOff = ['on', 'off'] as const;

const changeOptions = {
  subnet: {
    type: 'text',
    value: 'SUBNET',
    meaning: 'for example 10.80.0.0/24; default: a free one',
  },
  gateway: { type: 'text', value: 'ADDRESS', meaning: 'router told to vms, or none' },
  service: {
    type: 'text',
    value: 'ADDRESS',
    meaning: 'of the DHCP and DNS service; default: the second one',
  },
  dns: {
    type: 'list',
    value: 'ADDRESS',
    meaning: "name servers told to vms; default: the network's own",
  },
  ...dhcpOptions,
  domain: { type: 'text', value: 'NAME', meaning: 'domain in which names of its vms are known' },
  reserve: { type: 'list', value: 'MAC=ADDRESS', meaning: 'an address kept for an adapter' },
  forward: {
    type: 'list',
    value: '[ADDRESS:]PORT=ADDRESS:PORT[/udp]',
    meaning: 'a port of the host that leads to a vm of a nat network',
  },
  adapter: {
    type: 'text',
    value: 'NAME',
    meaning: 'of a bridged network: a bridge of the host, or an adapter without addresses',
  },
  vlan: {
    type: 'text',
    value: 'NUMBER',
    meaning: 'of a bridged network: VLAN of its adapter, 1 to 4094, or none',
  },
  promiscuous: {
    type: 'text',
    words: onOff,
    value: 'WORD',
    meaning: 'every vm receives the frames of all others: on or off',
  },
  'forged-addresses': {
    type: 'text',
    words: onOff,
    value: 'WORD',
    meaning: 'vms may send under other MAC addresses than their own: on or off',
  },
  'ip-source-guard': {
    type: 'text',
    words: onOff,
    value: 'WORD',
    meaning: 'vms send under no other IP addresses than their own: on or off',
  },
  'dhcp-guard': {
    type: 'text',
    words: ['on', 'off', 'auto'],
    value: 'WORD',
    meaning: 'vms lease no addresses: on, off, or auto: where the network leases them itself',
  },
  ...firewallOptions,
  description: { type: 'text', value: 'TEXT', meaning: 'for people' },
  tag: {
    type: 'list',
    value: 'TAG',
    meaning: 'all of its tags, or none; vms tagged test on one tagged production are warned of',
  },
} as const;
type Changes = Values<typeof changeOptions>;

function parseReservation(text: string): NetworkReservation {
  const [mac = '', address = ''] = text.split('=');
  return { mac: mac.toLowerCase(), address };
}

/** `8080=10.80.0.9:80`, `192.0.2.1:53=10.80.0.9:53/udp`. */
function parseForward(text: string): NetworkForward {
  const match =
    /^(?:([\d.]+|\[[\da-f:]+\]):)?(\d{1,5})=([\d.]+|\[[\da-f:]+\]):(\d{1,5})(?:\/(tcp|udp))?$/i.exec(
      text,
    );
  if (match === null)
    throw new Fault('invalid', `--forward ${text.slice(0, 100)} is not PORT=ADDRESS:PORT`, {
      hint: 'for example --forward 8080=10.80.0.9:80, or 53=10.80.0.9:53/udp',
    });
  const [, hostAddress, hostPort, address = '', port, protocol] = match;
  const bare = (bracketed: string): string => bracketed.replaceAll(/[[\]]/g, '');
  return {
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    hostAddress: hostAddress === undefined ? null : bare(hostAddress),
    hostPort: Number(hostPort),
    address: bare(address),
    port: Number(port),
  };
}

/** Undefined where nothing of it was said; `before` is what the network has already. */
function ipv4Of(options: Changes, before?: Network['ipv4']): NetworkCreate['ipv4'] {
  const { subnet, gateway, service, range, dns } = options;
  const dhcpNames = Object.keys(dhcpOptions) as readonly (keyof typeof dhcpOptions)[];
  const isSaid = dhcpNames.some((name) => options[name] !== undefined);
  if (!isSaid && [subnet, gateway, service, dns].every((one) => one === undefined))
    return undefined;
  // Another subnet has another range, another gateway and another service.
  const kept = subnet === undefined || subnet === before?.subnet ? before : undefined;
  const dhcp = dhcpOf(options, kept?.dhcp);
  return {
    ...kept,
    ...(subnet === undefined ? {} : { subnet }),
    ...(gateway === undefined ? {} : { gateway: gateway === 'none' ? null : gateway }),
    ...(service === undefined ? {} : { service }),
    ...(dns === undefined ? {} : { dnsServers: [...dns] }),
    ...(range === 'none'
      ? { dhcp: null }
      : Object.keys(dhcp).length === 0 || (kept?.dhcp === null && range === undefined)
        ? {}
        : { dhcp }),
  };
}

function changesOf(options: Changes, before?: Network): Omit<NetworkCreate, 'name' | 'type'> {
  const ipv4 = ipv4Of(options, before?.ipv4);
  const firewall = firewallOf(options, before?.firewall ?? openFirewall);
  const { domain, adapter, vlan, description, promiscuous } = options;
  const forged = options['forged-addresses'];
  const sourceGuard = options['ip-source-guard'];
  const dhcpGuard = options['dhcp-guard'];
  // What is left out gets its default from the server.
  return {
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(domain === undefined ? {} : { domain }),
    ...(adapter === undefined ? {} : { adapter }),
    ...(vlan === undefined ? {} : { vlan: vlan === 'none' ? null : Number(vlan) }),
    ...(description === undefined ? {} : { description }),
    ...(options.tag === undefined ? {} : { tags: options.tag.filter((tag) => tag !== 'none') }),
    ...(options.reserve === undefined
      ? {}
      : { reservations: options.reserve.map(parseReservation) }),
    ...(options.forward === undefined ? {} : { forwards: options.forward.map(parseForward) }),
    ...(promiscuous === undefined ? {} : { promiscuous: promiscuous === 'on' }),
    ...(forged === undefined ? {} : { forgedAddresses: forged === 'on' }),
    ...(sourceGuard === undefined ? {} : { ipSourceGuard: sourceGuard === 'on' }),
    ...(dhcpGuard === undefined
      ? {}
      : { dhcpGuard: dhcpGuard === 'auto' ? null : dhcpGuard === 'on' }),
    ...(firewall === undefined ? {} : { firewall }),
  } as Omit<NetworkCreate, 'name' | 'type'>;
}

const spanOptions = {
  span: { type: 'flag', meaning: 'one network on all hosts, by tunnels between them' },
  vni: { type: 'number', value: 'N', meaning: 'number of its tunnels; default: a free one' },
  mtu: {
    type: 'number',
    value: 'BYTES',
    meaning: 'largest packet of one that spans; default 1450',
  },
} as const;

function spanOf({
  span,
  vni,
  mtu,
}: Values<typeof spanOptions>): Partial<Pick<NetworkCreate, 'span'>> {
  if (span !== true && vni === undefined && mtu === undefined) return {};
  // What is left out gets its default from the server.
  return {
    span: {
      ...(vni === undefined ? {} : { vni }),
      ...(mtu === undefined ? {} : { mtu }),
    } as NonNullable<NetworkCreate['span']>,
  };
}

function showSpan({ span, service }: Network): readonly (readonly [string, string])[] {
  if (span === null) return [];
  return [
    ['spans hosts', `by VXLAN ${span.vni}, packets of ${span.mtu} bytes`],
    ['served by', service?.hostName ?? 'nobody yet'],
  ];
}

function showIpv4(ipv4: Network['ipv4']): readonly (readonly [string, string])[] {
  if (ipv4 === null) return [['addresses', 'none']];
  const { subnet, gateway, service, dhcp, dnsServers } = ipv4;
  return [
    ['subnet', subnet],
    ['gateway', gateway ?? 'none'],
    ['service', service ?? 'none'],
    ...showDhcp(dhcp),
    ['name servers', dnsServers.join(', ') || (service ?? 'none')],
  ];
}

/** `the host reads, of the traffic between two guests of the network, none of it` */
function isolationLine({
  reader,
  traffic,
  reads,
}: Network['isolation'][number]): readonly [string, string] {
  return [
    'isolation',
    `${isolationReaders[reader]} read of the traffic ${isolationTraffic[traffic]}: ${isolationReads[reads]}`,
  ];
}

export const networkCommands: readonly Command[] = [
  command({
    name: 'network list',
    aliases: ['network ls'],
    summary: 'list networks',
    options: listOptions,
    examples: ['gantry network list', 'gantry network list -f "state = degraded"'],
    async run(run) {
      const networks = await collect(run, 'network.list', listQuery(run.options));
      writeList(run.out, run.format, networkColumns, networks, 'no networks');
    },
  }),
  command({
    name: 'network show',
    summary: 'show a network and how each host carries it',
    args: [networkArgument],
    examples: ['gantry network show lab', 'gantry network show lab -o yaml'],
    async run({ client, args, out, format, signal }) {
      const params = { network: args[0] ?? '' };
      const network = await client.call('network.show', { params }, signal);
      writeThing(out, format, network, [
        ['name', network.name],
        ['description', network.description || '-'],
        ['tags', network.tags.join(', ') || '-'],
        ...network.warnings.map(({ text }) => ['warning', text] as const),
        ['type', `${network.type}: ${networkTypes[network.type]}`],
        ...(network.adapter === null ? [] : [['adapter', network.adapter] as const]),
        ...(network.vlan === null ? [] : [['vlan', String(network.vlan)] as const]),
        ['state', network.state],
        ...showSpan(network),
        ...network.hosts.map(
          ({ hostName, state, bridge, reasons }) =>
            [
              `on ${hostName}`,
              [
                `${state}${bridge === null ? '' : ` (${bridge})`}`,
                ...reasons.map(({ text }) => text),
              ].join('; '),
            ] as const,
        ),
        ['adapters', String(network.adapters)],
        ...showIpv4(network.ipv4),
        ...showIpv6(network),
        ['domain', network.domain || '-'],
        ...network.reservations.map(
          ({ mac, address }) => ['reserved', `${address} for ${mac}`] as const,
        ),
        ...network.forwards.map(
          ({ protocol, hostAddress, hostPort, address, port }) =>
            [
              'forward',
              `${protocol} ${hostAddress ?? '*'}:${hostPort} to ${address}:${port}`,
            ] as const,
        ),
        ['promiscuous', network.promiscuous ? 'yes' : 'no'],
        ['forged addresses', network.forgedAddresses ? 'let through' : 'dropped'],
        ['IP source guard', network.ipSourceGuard ? 'on' : 'off'],
        ['DHCP guard', guardsDhcp(network) ? 'on' : 'off'],
        ...firewallLines('firewall', network.firewall),
        ...network.isolation.map(isolationLine),
      ]);
    },
  }),
  command({
    name: 'network create',
    summary: 'create a network: nat, host-only, internal or bridged',
    args: [{ name: 'name', meaning: 'its name' }],
    options: {
      type: {
        type: 'text',
        words: typeNames,
        value: 'TYPE',
        meaning: 'how far its traffic goes: nat (default), host-only, internal or bridged',
      },
      ...spanOptions,
      ...ipv6Options,
      ...changeOptions,
    },
    examples: [
      'gantry network create lab',
      'gantry network create team --type internal --subnet 10.81.0.0/24 --span',
      'gantry network create office --subnet 10.80.0.0/24 --domain office.test --forward 8080=10.80.0.9:80',
      'gantry network create lan --type bridged --adapter br0',
      'gantry network create guests --type bridged --adapter eno1 --vlan 120',
      'gantry network create lan --type bridged --adapter br0 --subnet 192.0.2.0/24 --service 192.0.2.199 --range 192.0.2.200-192.0.2.220',
    ],
    async run(run) {
      const { client, args, options, out, dryRun, signal } = run;
      const body = {
        name: args[0] ?? '',
        ...(options.type === undefined ? {} : { type: options.type }),
        ...spanOf(options),
        ...ipv6Of(options),
        ...changesOf(options),
      };
      const network = await withRisk(run, (query) =>
        client.call('network.create', { body, query }, signal),
      );
      const at = network.ipv4 === null ? '' : ` with ${network.ipv4.subnet}`;
      out.line(`network ${network.name}${at} ${wasOrWouldBe({ dryRun })} created`);
      tellWarnings(out, network);
      out.hint(`gantry vm create NAME --network ${network.name}`);
    },
  }),
  ...networkForHostCommands,
  command({
    name: 'network set',
    summary: 'change a network; vms on it stay connected',
    args: [networkArgument],
    options: {
      name: { type: 'text', value: 'NAME', meaning: 'its new name' },
      ...ipv6Options,
      ...changeOptions,
    },
    examples: [
      'gantry network set office --forward 8080=10.80.0.9:80 --forward 2222=10.80.0.9:22',
      'gantry network set office --reserve 52:47:59:01:02:03=10.80.0.9',
      'gantry network set office --boot pxelinux.0 --boot-uefi bootx64.efi --boot-server 10.80.0.5',
      'gantry network set office --tag production',
      'gantry network set office --ip-source-guard on --rule "deny out tcp 25"',
    ],
    async run(run) {
      const { client, args, options, out, dryRun, signal } = run;
      const params = { network: args[0] ?? '' };
      const before = await client.call('network.show', { params }, signal);
      const body = {
        ...(options.name === undefined ? {} : { name: options.name }),
        ...ipv6Of(options, before.ipv6),
        ...changesOf(options, before),
      };
      const input = { params, body, ifMatch: before.version };
      const changed = await withRisk(run, (query) =>
        client.call('network.update', { ...input, query }, signal),
      );
      out.line(`network ${changed.name} ${wasOrWouldBe({ dryRun })} changed`);
      tellWarnings(out, changed);
    },
  }),
  command({
    name: 'network export',
    summary: 'the definition of a network as a document, for apply',
    args: [networkArgument],
    examples: ['gantry network export lab > lab.yaml'],
    async run({ client, args, out, format, signal }) {
      const params = { network: args[0] ?? '' };
      const file = await client.call('network.export', { params }, signal);
      writeThing(out, format === 'json' ? 'json' : 'yaml', file, []);
    },
  }),
  command({
    name: 'network delete',
    aliases: ['network rm'],
    summary: 'delete a network that no vm uses',
    args: [networkArgument],
    options: {
      force: { type: 'flag', meaning: 'also one that vms use: they are plugged into nothing then' },
    },
    examples: ['gantry network delete lab'],
    async run({ client, args, options, out, dryRun, signal }) {
      const network = args[0] ?? '';
      const query = options.force === true ? { force: true } : {};
      await client.call('network.delete', { params: { network }, query }, signal);
      if (!dryRun) out.line(`network ${network} was deleted`);
    },
  }),
  command({
    name: 'network leases',
    summary: 'list the addresses that a network has leased, with the vms that have them',
    args: [networkArgument],
    examples: ['gantry network leases lab', 'gantry network leases lab -o json'],
    async run({ client, args, out, format, signal }) {
      const params = { network: args[0] ?? '' };
      const { items, unreachable } = await client.call('network.leases', { params }, signal);
      writeList(out, format, leaseColumns, items, 'no leases');
      if (unreachable.length > 0) out.note(`these hosts do not answer: ${unreachable.join(', ')}`);
    },
  }),
  command({
    name: 'network identity',
    summary:
      'check MAC addresses as identity: one bridged adapter with a static, unique address per vm',
    args: [networkArgument],
    examples: ['gantry network identity lan', 'gantry network identity lan -o json'],
    async run({ client, args, out, format, signal }) {
      const params = { network: args[0] ?? '' };
      const found = await client.call('network.identity', { params }, signal);
      if (format === 'json') writeThing(out, 'json', found, []);
      else writeList(out, format, identityColumns, found.deviations, 'no deviations');
      if (format === 'table') out.note(`${found.checked} vms were looked at`);
      return found.ok ? 0 : notWell;
    },
  }),
  command({
    name: 'network ports',
    summary: 'list the ports of a network that running vms are at, and what has passed there',
    args: [networkArgument],
    options: { flows: { type: 'flag', meaning: 'list what firewalls let through, instead' } },
    examples: ['gantry network ports lab', 'gantry network ports lab --flows'],
    async run({ client, args, options, out, format, signal }) {
      const params = { network: args[0] ?? '' };
      const { items, unreachable } = await client.call('network.ports', { params }, signal);
      if (options.flows === true) {
        const flows = items.flatMap(({ vm, slot, flows }) =>
          (flows ?? []).map((flow) => ({ ...flow, vm: vm.name, slot })),
        );
        writeList(out, format, flowColumns, flows, 'no flows, or no firewall that watches them');
      } else writeList(out, format, portColumns, items, 'no running vm is on it');
      if (unreachable.length > 0) out.note(`these hosts do not answer: ${unreachable.join(', ')}`);
    },
  }),
  command({
    name: 'network release',
    summary: 'release a leased address, so that another vm may get it',
    args: [networkArgument, { name: 'address', meaning: 'as network leases shows it' }],
    examples: ['gantry network release lab 10.80.0.30'],
    async run({ client, args, out, signal }) {
      const [network = '', address = ''] = args;
      await client.call('network.release', { params: { network, address } }, signal);
      out.line(`${address} was released`);
    },
  }),
];
