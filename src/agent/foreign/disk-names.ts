/** What a hypervisor calls the disks of a vm (`vda`), and where they are in it: clients know them by the names that Gantry has for places. */
import { placeName } from '#api';
import { attributeOf, find, findAll, readXml } from '#foreign';
import { Fault } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import { placeOf } from './hardware/places.ts';

/** Names there by place. Errors: those of the client. */
async function readNames(
  client: Client,
  dom: DomainHandle,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const { xml } = await client.call('DOMAIN_GET_XML_DESC', { dom, flags: 0 }, { signal });
  const names = new Map<string, string>();
  for (const disk of findAll(find(readXml(xml), 'devices'), 'disk')) {
    const place = placeOf(disk);
    const name = attributeOf(find(disk, 'target'), 'dev');
    if (place !== undefined && name !== undefined) names.set(placeName(place), name);
  }
  return names;
}

const members = ['disk', 'path', 'dev'] as const;

/** The arguments with the disk as it is called there. Errors: `not-found`; those of the client. */
export async function nameDisk<A extends object>(
  client: Client,
  dom: DomainHandle,
  args: A,
  place: string,
  signal: AbortSignal,
): Promise<A> {
  const said = { ...args } as Readonly<Record<string, unknown>>;
  const member = members.find((one) => typeof said[one] === 'string');
  if (member === undefined) return args;
  const name = (await readNames(client, dom, signal)).get(place);
  if (name === undefined)
    throw new Fault('not-found', `${dom.name} has no disk at ${place} any more`);
  // One of the files that it stands on is named behind it: `vda[3]`.
  const [, layer = ''] = /(\[\d+\])$/.exec(String(said[member])) ?? [];
  return { ...args, [member]: `${name}${layer}` };
}

/** Where the disk is that the hypervisor calls so; undefined where it has none. Errors: those of the client. */
export async function findPlace(
  client: Client,
  dom: DomainHandle,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [plain] = name.split('[');
  for (const [place, one] of await readNames(client, dom, signal)) if (one === plain) return place;
  return undefined;
}
