/** What a network tells its vms by DHCP beside their addresses: times, servers, further options, where to boot from. */
import { z } from 'zod';

const ipv4 = z.ipv4();
const leaseSeconds = z.number().int().min(120).max(31_536_000);

/** A datagram of DHCP has room for some 300 bytes of options where nothing else was agreed (RFC 2131 2). */
const maxOptionBytes = 128;

/** Domains, compressed as in DNS (RFC 3397): of all options the one that is written unlike it is sent. */
export const domainSearch = 119;
/** Of addresses and nothing else (RFC 2132 and those after it). */
const ofAddresses: ReadonlySet<number> = new Set([
  7, 9, 16, 21, 28, 32, 33, 41, 42, 45, 48, 49, 65, 68, 69, 70, 71, 74, 150,
]);
const vendorOptions = 43;

/** One of three kinds of value, since a name server of numbers is not a text of digits (RFC 2132). */
export const dhcpOptionSchema = z
  .strictObject({
    code: z.number().int().min(1).max(254).meta({ description: 'its number (RFC 2132)' }),
    kind: z
      .enum(['text', 'addresses', 'bytes'])
      .default('text')
      .meta({ description: 'how the value is written, and sent' }),
    value: z
      .string()
      .min(1)
      .max(255)
      .regex(/^[\x20-\x7e]+$/, 'has characters that are not of ASCII')
      .meta({
        description:
          'text; addresses of IPv4 with commas between them; or bytes as hexadecimal digits, 01ff0a',
      }),
  })
  .superRefine((option, context) => {
    const issue = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    const { code, kind, value } = option;
    const bytes = optionBytes(option);
    if (bytes === undefined) return issue('value', shouldBe[kind]);
    if (bytes.length > maxOptionBytes)
      issue('value', `has ${bytes.length} bytes, and at most ${maxOptionBytes} are sent`);
    if (ofAddresses.has(code) && kind !== 'addresses') issue('kind', `${code} is of addresses`);
    if (code === domainSearch && kind === 'text' && !/^[a-z0-9.-]+(, ?[a-z0-9.-]+)*$/i.test(value))
      issue('value', 'is not a list of domains, office.test,example.com');
    if (code === vendorOptions && bytes.length < 2)
      issue('value', 'options of a vendor have a code and a length at least');
  })
  .meta({ id: 'NetworkDhcpOption', description: 'sent to vms that ask for it' });
export type DhcpOption = z.infer<typeof dhcpOptionSchema>;

const shouldBe: Readonly<Record<'text' | 'addresses' | 'bytes', string>> = {
  text: 'is not a text',
  addresses: 'is not a list of addresses, 10.80.0.5,10.80.0.6',
  bytes: 'is not an even number of hexadecimal digits, 01ff0a',
};

/** The value as it is sent; undefined where it is not of its kind. */
export function optionBytes({
  kind,
  value,
}: Pick<DhcpOption, 'kind' | 'value'>): Uint8Array | undefined {
  switch (kind) {
    case 'text':
      return Buffer.from(value, 'latin1');
    case 'bytes':
      return /^([0-9a-f]{2})+$/i.test(value) ? Buffer.from(value, 'hex') : undefined;
    case 'addresses': {
      const addresses = value.split(',').map((one) => one.trim());
      if (!addresses.every((one) => ipv4.safeParse(one).success)) return undefined;
      return Uint8Array.from(addresses.flatMap((one) => one.split('.').map(Number)));
    }
  }
}

/** Options that other settings of a network are, and those that servers make by themselves. */
export const settledOptions: Readonly<Record<number, string>> = {
  1: 'the subnet',
  3: 'the gateway',
  6: 'the name servers',
  12: "the vm's name",
  15: 'the domain',
  44: 'the WINS servers',
  50: 'part of the protocol',
  51: 'the lease',
  52: 'part of the protocol',
  53: 'part of the protocol',
  54: 'part of the protocol',
  55: 'part of the protocol',
  56: 'part of the protocol',
  57: 'part of the protocol',
  58: 'the renewal of leases',
  59: 'the rebinding of leases',
  61: 'part of the protocol',
  66: 'what vms boot',
  67: 'what vms boot',
  81: 'part of the protocol',
  82: 'part of the protocol',
  118: 'part of the protocol',
};

/** As the field of the header has room for it (RFC 951), and no character means anything in a configuration. */
const bootFile = z
  .string()
  .max(127)
  .regex(/^[A-Za-z0-9/.][A-Za-z0-9/._~:@?=&%+-]*$/, 'is neither a file name nor an address of one');

export const dhcpBootSchema = z
  .strictObject({
    server: ipv4.nullable().default(null).meta({
      description: 'TFTP server that has the files; null: the files are named by URLs',
    }),
    file: bootFile.meta({
      description: 'what vms start: the name of a file there, or http://… for those with iPXE',
    }),
    uefiFile: bootFile
      .nullable()
      .default(null)
      .meta({ description: 'what vms with UEFI start; null: the same' }),
  })
  .superRefine(({ server, file, uefiFile }, context) => {
    for (const [path, name] of Object.entries({ file, uefiFile }))
      if (server === null && name !== null && !/^(https?|tftp):\/\//.test(name)) {
        const message = 'is the name of a file: name the server that has it, or a URL';
        context.addIssue({ code: 'custom', path: [path], message });
      }
  })
  .meta({
    id: 'NetworkBoot',
    description: 'where vms that boot over the network find what to start',
  });
export type DhcpBoot = z.infer<typeof dhcpBootSchema>;

export const dhcpSchema = z
  .strictObject({
    first: ipv4.meta({ description: 'first address that is leased' }),
    last: ipv4.meta({ description: 'last address that is leased' }),
    leaseSeconds: leaseSeconds.default(43_200),
    renewSeconds: leaseSeconds
      .nullable()
      .default(null)
      .meta({ description: 'after which a vm renews its lease; null: half of the lease' }),
    rebindSeconds: leaseSeconds
      .nullable()
      .default(null)
      .meta({ description: 'after which it asks any server; null: seven eighths of the lease' }),
    winsServers: z.array(ipv4).max(4).default([]),
    options: z
      .array(dhcpOptionSchema)
      .max(32)
      .default([])
      .meta({ description: 'further ones, each code once' }),
    boot: dhcpBootSchema.nullable().default(null).meta({ description: 'null: nothing is said' }),
  })
  .meta({ id: 'NetworkDhcp', description: 'the addresses that a network leases to its vms' });
