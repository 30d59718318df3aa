/**
 * Where the palette looks for what was typed: names first, then what else people know a thing by, such as an address or
 * a UUID. Both are filters of the API's own language, so that only what the person may see is found.
 */
import type { Host, Image, Network, Vm } from '#api';
import type { ListName } from '../../parts/ask.ts';

/** Fields of the things of each list, besides the name. */
const known = {
  'vm.list': [
    'id',
    'status.guest.addresses',
    'status.guest.osName',
    'definition.hardware.adapters.mac',
    'definition.hardware.adapters.addresses',
    'definition.hardware.disks.file',
    'definition.guestOs',
    'definition.tags',
    'definition.description',
  ],
  'host.list': ['id', 'address', 'facts.operatingSystem'],
  'image.list': ['id', 'path', 'guestOs', 'description'],
  'network.list': ['id', 'ipv4.subnet', 'ipv6.prefix', 'adapter'],
} as const satisfies Partial<Record<ListName, readonly string[]>>;

export type KnownList = keyof typeof known;
export type Known = Vm | Host | Image | Network;

const holds = (fields: readonly string[], typed: string): string =>
  fields.map((field) => `${field} : ${JSON.stringify(typed)}`).join(' OR ');

export function nameFilter(typed: string): string {
  return holds(['name'], typed);
}

export function factFilter(list: KnownList, typed: string): string {
  return `(${holds(known[list], typed)}) AND NOT ${nameFilter(typed)}`;
}

/** What the thing was found by, to be shown beside its name; undefined where it was its name. */
export function factFound(list: KnownList, thing: Known, typed: string): string | undefined {
  const sought = typed.toLowerCase();
  for (const field of known[list])
    for (const text of textsAt(thing, field.split('.')))
      if (text.toLowerCase().includes(sought)) return text;
  return undefined;
}

function textsAt(value: unknown, path: readonly string[]): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((member) => textsAt(member, path));
  const [name, ...rest] = path;
  if (name === undefined) return typeof value === 'string' ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return textsAt(Reflect.get(value, name), rest);
}
