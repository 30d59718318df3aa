/** The interfaces of this host, as `ip -j -d addr` tells them (iproute2). Pure but for the call. */
import { z } from 'zod';
import { Fault } from '#lib';
import { run } from './programs.ts';

export interface Link {
  readonly name: string;
  readonly alias: string | undefined;
  /** `bridge`, `tun`, `veth`; undefined for a physical adapter. */
  readonly kind: string | undefined;
  /** Name of the bridge that it is a port of. */
  readonly master: string | undefined;
  readonly isUp: boolean;
  /** Whether something is at the other end of the cable. */
  readonly hasCarrier: boolean;
  readonly mac: string | undefined;
  /** IPv4 with length: `10.80.0.1/24`. */
  readonly addresses: readonly string[];
  /** IPv6 with length, without those of the link alone. */
  readonly addresses6?: readonly string[];
  /** Those of them that somebody has given it: without a lifetime. */
  readonly fixed6?: readonly string[];
  /** Of a bridge: how long it remembers where an address is; 0 sends everything everywhere. */
  readonly ageingTime: number | undefined;
  /** Largest packet. */
  readonly mtu?: number | undefined;
  /** Of a VLAN of another interface. */
  readonly vlan?: { readonly id: number; readonly under: string } | undefined;
  /** Of a VXLAN interface. */
  readonly tunnel?:
    | {
        readonly vni: number | undefined;
        readonly address: string | undefined;
        readonly port: number | undefined;
        readonly learns: boolean;
      }
    | undefined;
  /** Of a port of a bridge. */
  readonly port?: { readonly learns: boolean; readonly floods: boolean } | undefined;
}

const linkSchema = z.object({
  ifname: z.string().max(15),
  ifalias: z.string().max(256).optional(),
  link: z.string().max(15).nullable().optional(),
  flags: z.array(z.string().max(32)).max(64),
  master: z.string().max(15).optional(),
  address: z.string().max(64).optional(),
  mtu: z.number().optional(),
  linkinfo: z
    .object({
      info_kind: z.string().max(32).optional(),
      info_data: z
        .object({
          ageing_time: z.number().optional(),
          id: z.unknown().optional(),
          local: z.string().max(64).optional(),
          port: z.number().optional(),
          learning: z.boolean().optional(),
        })
        .optional(),
      info_slave_kind: z.string().max(32).optional(),
      info_slave_data: z
        .object({ learning: z.boolean().optional(), flood: z.boolean().optional() })
        .optional(),
    })
    .optional(),
  addr_info: z
    .array(
      z.object({
        family: z.string().max(16).optional(),
        local: z.string().max(64).optional(),
        prefixlen: z.number().optional(),
        scope: z.string().max(16).optional(),
        valid_life_time: z.number().optional(),
      }),
    )
    .max(65_536)
    .optional(),
});
/** The lifetime of an address that has none. */
export const forever = 0xffff_ffff;

const linksSchema = z.array(z.union([linkSchema, z.strictObject({})])).max(65_536);

/** Errors: `corrupt` for what is no answer of `ip`. */
export function parseLinks(text: string): readonly Link[] {
  let parsed: z.infer<typeof linksSchema>;
  try {
    parsed = linksSchema.parse(JSON.parse(text === '' ? '[]' : text));
  } catch (cause) {
    throw new Fault('corrupt', 'cannot read the interfaces of the host', { cause });
  }
  return parsed.flatMap((link): Link[] =>
    'ifname' in link
      ? [
          {
            name: link.ifname,
            alias: link.ifalias,
            kind: link.linkinfo?.info_kind,
            master: link.master,
            isUp: link.flags.includes('UP'),
            hasCarrier: link.flags.includes('LOWER_UP'),
            mac: link.address,
            addresses: (link.addr_info ?? []).flatMap(({ family, local, prefixlen }) =>
              family === 'inet' && local !== undefined ? [`${local}/${prefixlen ?? 32}`] : [],
            ),
            addresses6: addressesOf6(link.addr_info),
            fixed6: addressesOf6(
              link.addr_info?.filter(({ valid_life_time: seconds }) => seconds === forever),
            ),
            ageingTime: link.linkinfo?.info_data?.ageing_time,
            mtu: link.mtu,
            vlan: vlanOf(link.linkinfo, link.link),
            tunnel: tunnelOf(link.linkinfo),
            port: portOf(link.linkinfo),
          },
        ]
      : [],
  );
}

function addressesOf6(all: LinkAddresses = []): string[] {
  return all.flatMap(({ family, local, prefixlen, scope }) =>
    family === 'inet6' && scope !== 'link' && local !== undefined
      ? [`${local}/${prefixlen ?? 128}`]
      : [],
  );
}

/** One whose lower interface is in another namespace tells no name. */
function vlanOf(info: LinkInfo, under: string | null | undefined): Link['vlan'] {
  const id = info?.info_data?.id;
  if (info?.info_kind !== 'vlan' || typeof id !== 'number' || typeof under !== 'string')
    return undefined;
  return { id, under };
}

type LinkAddresses = z.infer<typeof linkSchema>['addr_info'];
type LinkInfo = z.infer<typeof linkSchema>['linkinfo'];

function tunnelOf(info: LinkInfo): Link['tunnel'] {
  if (info?.info_kind !== 'vxlan') return undefined;
  const { id, local, port, learning } = info.info_data ?? {};
  const vni = typeof id === 'number' ? id : undefined;
  return { vni, address: local, port, learns: learning !== false };
}

function portOf(info: LinkInfo): Link['port'] {
  if (info?.info_slave_kind !== 'bridge') return undefined;
  const { learning, flood } = info.info_slave_data ?? {};
  return { learns: learning !== false, floods: flood !== false };
}

export async function readLinks(ip: string): Promise<readonly Link[]> {
  return parseLinks(await run(ip, ['-json', '-details', 'address', 'show']));
}
