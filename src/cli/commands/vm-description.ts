/** What `vm show` says of a vm. */
import { formatBitRate, formatBytes } from '#lib';
import {
  diskSpaceLimitBytes,
  placeName,
  vmStandingFacts,
  type Adapter,
  type AdapterState,
  type Vm,
} from '#api';
import { limitWords } from '../disk-limits.ts';
import { firewallLines } from '../firewall-options.ts';
import { humanDuration, localTime } from '../output/human.ts';

function undoLines({ definition, status }: Vm): readonly (readonly [string, string])[] {
  const { enabled, onTurnOff } = definition.settings.undoDisks;
  if (!enabled && status.undo === null) return [];
  const size = status.undo?.sizeBytes ?? null;
  const held =
    status.undo === null
      ? 'none yet'
      : `since ${localTime(status.undo.since)}${size === null ? '' : `, ${formatBytes(size)}`}`;
  return [['undo disks', `${held}; at turn off: ${onTurnOff}`]];
}

/** How far the guest's clock is from its host's. */
function clockText(offsetMs: number | null): string {
  if (offsetMs === null) return '-';
  return `${(Math.abs(offsetMs) / 1000).toFixed(1)} s ${offsetMs < 0 ? 'behind' : 'ahead of'} the host`;
}

function connectionOf(adapter: Adapter, state: AdapterState | undefined): string {
  const { attachment, link } = adapter;
  const cable = link === 'down' ? ', cable out' : '';
  switch (attachment.kind) {
    case 'none':
      return 'not connected';
    case 'user':
      return `user-mode network${cable}`;
    case 'network': {
      const network = state?.network?.name ?? `${attachment.network}, which is gone`;
      return `network ${network}${cable}`;
    }
    case 'foreign':
      return `${attachment.name} of its hypervisor${cable}`;
  }
}

const isOf =
  ({ slot }: Adapter) =>
  (state: AdapterState): boolean =>
    state.slot === slot;

/** What the guest is called there, by number and by name. */
function addressLines({
  slot,
  addresses,
  dnsName,
}: AdapterState): readonly (readonly [string, string])[] {
  return addresses.map(({ address, prefixLength, subnetMask, from }) => [
    `address ${slot}`,
    [
      prefixLength === null ? address : `${address}/${prefixLength}`,
      ...(subnetMask === null ? [] : [`mask ${subnetMask}`]),
      ...(dnsName === null ? [] : [`name ${dnsName}`]),
      ...(from === 'lease' ? ['as leased'] : []),
    ].join(', '),
  ]);
}

function warningLines({ slot, warnings }: AdapterState): readonly (readonly [string, string])[] {
  return warnings.map(({ text }) => [`warning ${slot}`, text]);
}

/** What its port gives it that is not the usual. */
function portWords({ bandwidth, priority, addresses, vlans }: Adapter): readonly string[] {
  const { inboundBitsPerSecond: inbound, outboundBitsPerSecond: outbound } = bandwidth;
  return [
    ...(inbound === null ? [] : [`inbound ${formatBitRate(inbound)}`]),
    ...(outbound === null ? [] : [`outbound ${formatBitRate(outbound)}`]),
    ...(priority === 'normal' ? [] : [`${priority} priority`]),
    ...addresses,
    ...vlans.map(({ first, last }) =>
      first === last ? `VLAN ${first}` : `VLANs ${first}-${last}`,
    ),
  ];
}

function describeDiskSpace({ definition, status: { diskSpaceBytes } }: Vm): string {
  if (diskSpaceBytes === null) return 'n/a';
  const limitBytes = diskSpaceLimitBytes(definition);
  if (limitBytes === null) return formatBytes(diskSpaceBytes);
  const side = diskSpaceBytes > limitBytes ? 'above' : 'of';
  return `${formatBytes(diskSpaceBytes)}, ${side} its limit of ${formatBytes(limitBytes)}`;
}

/** A vm in lines: what it is, what it has, what was last seen of it. */
export function describeVm(
  vm: Vm,
  adapters: readonly AdapterState[],
): readonly (readonly [string, string])[] {
  const { hardware, settings } = vm.definition;
  const { status } = vm;
  const { glyph, label } = vmStandingFacts[vm.standing];
  const isHeld = status.held && vm.standing === vm.state;
  return [
    ['name', vm.name],
    ['id', vm.id],
    [
      'state',
      `${glyph} ${isHeld ? 'held before its first instruction' : label.toLowerCase()}, since ${localTime(status.since)}`,
    ],
    ['running', status.runningSeconds === null ? 'n/a' : humanDuration(status.runningSeconds)],
    ['host', `${vm.host} (${vm.driver})`],
    ['technique', vm.technique],
    ['folder', vm.folder],
    [
      'processors',
      `${hardware.processor.count}, ${status.cpuPercent === null ? 'n/a' : `${status.cpuPercent.toFixed(0)} % used`}`,
    ],
    [
      'memory',
      `${formatBytes(hardware.memory.sizeBytes)}${status.memoryBytes === null ? '' : `, ${formatBytes(status.memoryBytes)} resident`}`,
    ],
    ...hardware.disks.map(
      (disk) =>
        [
          `disk ${placeName(disk)}`,
          [
            `${formatBytes(disk.sizeBytes)} ${disk.format} ${disk.file}`,
            ...limitWords(disk.limits),
          ].join(', '),
        ] as const,
    ),
    ['disk space', describeDiskSpace(vm)],
    ...hardware.opticalDrives.map(
      (drive) =>
        [
          `cd ${placeName(drive)}`,
          drive.medium === null ? 'empty' : Object.values(drive.medium).slice(1).join(' '),
        ] as const,
    ),
    ...(hardware.floppy === null
      ? []
      : [
          [
            'floppy',
            hardware.floppy.medium === null
              ? 'empty'
              : Object.values(hardware.floppy.medium).slice(1).join(' '),
          ] as const,
        ]),
    ...hardware.adapters.flatMap((adapter) => [
      [
        `adapter ${adapter.slot}`,
        [
          `${adapter.model} ${adapter.mac}`,
          connectionOf(adapter, adapters.find(isOf(adapter))),
          ...portWords(adapter),
        ].join(', '),
      ] as const,
      ...adapters.filter(isOf(adapter)).flatMap(addressLines),
      ...adapters.filter(isOf(adapter)).flatMap(warningLines),
      ...firewallLines(`firewall ${adapter.slot}`, adapter.firewall),
    ]),
    ...status.forwards.map(
      (forward) =>
        [
          'forward',
          `${forward.protocol} ${forward.hostAddress}:${forward.hostPort} to guest port ${forward.guestPort}`,
        ] as const,
    ),
    ['addresses', status.guest?.addresses.join(', ') || '-'],
    ['guest', status.guest?.osName ?? '-'],
    ['guest health', status.guestHealth ?? '-'],
    [
      'heartbeat',
      `${status.heartbeat.state}${status.heartbeat.lastAt === null ? '' : `, last ${localTime(status.heartbeat.lastAt)}`}`,
    ],
    [
      'additions',
      `${status.additions.state}${status.additions.version === null ? '' : ` ${status.additions.version}`}`,
    ],
    ['guest clock', clockText(status.guest?.clockOffsetMs ?? null)],
    ['on host start', settings.start.onHostStart],
    ['on host stop', settings.shutdown.onHostStop],
    ...undoLines(vm),
    ...(status.pending.length === 0 ? [] : [['at next start', status.pending.join(', ')] as const]),
    ...(status.lastFault === null
      ? []
      : [
          ['last fault', `${localTime(status.lastFault.at)}: ${status.lastFault.message}`] as const,
        ]),
  ];
}
