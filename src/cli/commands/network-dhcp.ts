/** DHCP of networks on the command line: options, what they mean for a request, and how it is shown. */
import type { DhcpBoot, DhcpOption, Network, NetworkCreate } from '#api';
import { Fault } from '#lib';
import type { Values } from '../command.ts';

export const dhcpOptions = {
  range: { type: 'text', value: 'FIRST-LAST', meaning: 'addresses leased to vms, or none' },
  lease: { type: 'number', value: 'SECONDS', meaning: 'for how long; default 12 hours' },
  wins: { type: 'list', value: 'ADDRESS', meaning: 'WINS servers told to vms' },
  'dhcp-option': {
    type: 'list',
    value: 'CODE=VALUE',
    meaning: 'a further DHCP option: text, addresses or hex:01ff; none takes all away',
  },
  boot: {
    type: 'text',
    value: 'FILE',
    meaning: 'what vms start over the network: a file of --boot-server, a URL, or none',
  },
  'boot-server': { type: 'text', value: 'ADDRESS', meaning: 'TFTP server that has the file' },
  'boot-uefi': {
    type: 'text',
    value: 'FILE',
    meaning: 'what vms with UEFI start; default: the same',
  },
} as const;
type DhcpOptions = Values<typeof dhcpOptions>;

type Dhcp = NonNullable<NonNullable<Network['ipv4']>['dhcp']>;
export type DhcpInput = NonNullable<NonNullable<NetworkCreate['ipv4']>['dhcp']>;

/** Empty where nothing of it was said; `before` is what the network has already. */
export function dhcpOf(options: DhcpOptions, before: Dhcp | null | undefined): DhcpInput {
  const { range, lease, wins } = options;
  const boot = bootOf(options, before?.boot ?? null);
  return {
    ...before,
    ...(range === undefined ? {} : parseRange(range)),
    ...(lease === undefined ? {} : { leaseSeconds: lease }),
    ...(wins === undefined ? {} : { winsServers: wins.filter((one) => one !== 'none') }),
    ...(options['dhcp-option'] === undefined
      ? {}
      : { options: options['dhcp-option'].filter((one) => one !== 'none').map(parseOption) }),
    ...(boot === undefined ? {} : { boot }),
  };
}

function parseRange(text: string): Pick<DhcpInput, 'first' | 'last'> {
  const [first, last] = text.split('-');
  return { ...(first ? { first } : {}), ...(last ? { last } : {}) };
}

/** `42=10.80.0.5,10.80.0.6`, `252=http://wpad/`, `43=hex:01ff`. */
function parseOption(text: string): DhcpOption {
  const match = /^(\d{1,3})=(.+)$/.exec(text);
  if (match === null)
    throw new Fault('invalid', `--dhcp-option ${text.slice(0, 100)} is not CODE=VALUE`, {
      hint: 'for example --dhcp-option 42=10.80.0.5, 252=http://wpad.office.test/ or 43=hex:01ff',
    });
  const [, code = '', value = ''] = match;
  const rest = { code: Number(code) };
  if (value.startsWith('hex:')) return { ...rest, kind: 'bytes', value: value.slice(4) };
  const isAddresses = /^\d+\.\d+\.\d+\.\d+(,\d+\.\d+\.\d+\.\d+)*$/.test(value);
  return { ...rest, kind: isAddresses ? 'addresses' : 'text', value };
}

/** Errors: `invalid` where a server or a second file is named for nothing. */
function bootOf(options: DhcpOptions, before: DhcpBoot | null): DhcpBoot | null | undefined {
  const { boot: file = before?.file, 'boot-server': server, 'boot-uefi': uefi } = options;
  if ([options.boot, server, uefi].every((one) => one === undefined)) return undefined;
  if (options.boot === 'none') return null;
  if (file === undefined)
    throw new Fault('invalid', '--boot-server and --boot-uefi are about a file that vms start', {
      hint: 'name it: --boot FILE',
    });
  const orNull = (word: string): string | null => (word === 'none' ? null : word);
  return {
    server: server === undefined ? (before?.server ?? null) : orNull(server),
    file,
    uefiFile: uefi === undefined ? (before?.uefiFile ?? null) : orNull(uefi),
  };
}

export function showDhcp(dhcp: Dhcp | null): readonly (readonly [string, string])[] {
  if (dhcp === null) return [['leases', 'none']];
  const { first, last, leaseSeconds, winsServers, options, boot } = dhcp;
  const bootText =
    boot === null
      ? []
      : [
          ['boot', `${boot.file}${boot.server === null ? '' : ` of ${boot.server}`}`] as const,
          ...(boot.uefiFile === null ? [] : [['boot with UEFI', boot.uefiFile] as const]),
        ];
  return [
    ['leases', `${first} to ${last}, ${leaseSeconds} s`],
    ...(winsServers.length === 0 ? [] : [['WINS servers', winsServers.join(', ')] as const]),
    ...options.map(
      ({ code, kind, value }) =>
        ['DHCP option', `${code}: ${kind === 'bytes' ? `hex:${value}` : value}`] as const,
    ),
    ...bootText,
  ];
}
