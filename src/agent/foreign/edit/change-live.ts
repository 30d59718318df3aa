/**
 * A change of a definition on a domain that runs, as far as its hypervisor takes it at once; the rest waits for the next
 * start and is told as pending. What is so already is done.
 */
import { isDeepStrictEqual } from 'node:util';
import { limitsSaid, placeName, withoutLimits, type Adapter, type Disk, type Hardware } from '#api';
import {
  attributeOf,
  find,
  findAll,
  iotuneOf,
  iotuneWords,
  readXml,
  XmlText,
  type XmlNode,
} from '#foreign';
import { isFault, kiB } from '#lib';
import { libvirtFacts, uhyperParam, type Client, type DomainHandle } from '#libvirt';
import { adapterXml, diskXml, takenTargets, targetOf } from './device-xml.ts';
import { editAdapter, editMedium, findAdapter, findDisk } from './edit-devices.ts';
import type { Change } from './edit-domain.ts';
import { shareParams } from './edit-share.ts';
import { readLive } from './persist.ts';

/** virDomainModificationImpact, virDomainDeviceModifyFlags. */
const onlyLive = 1;
const byForce = 4;

export interface LiveTools {
  readonly client: Client;
  readonly dom: DomainHandle;
  readonly signal: AbortSignal;
  /** A tray that the guest has locked is opened by force. */
  readonly tray: 'ask' | 'force';
}

/** Errors: the hypervisor's, but for what it cannot do with a domain that runs. */
export async function changeLive(tools: LiveTools, change: Change): Promise<'live' | 'pending'> {
  const results = [
    await changeProcessors(tools, change),
    await changeMemory(tools, change),
    await changeDisks(tools, change),
    await changeDrives(tools, change),
    await changeAdapters(tools, change),
    await changeShare(tools, change),
  ];
  return results.includes('pending') || hasMore(change) ? 'pending' : 'live';
}

/** Beside what is tried above. */
function hasMore({ base, wanted }: Change): boolean {
  const rest = (hardware: Hardware): unknown => ({
    ...hardware,
    processor: { ...hardware.processor, count: 0 },
    memory: { ...hardware.memory, sizeBytes: 0 },
    disks: [],
    opticalDrives: [],
    floppy: null,
    adapters: [],
  });
  return !isDeepStrictEqual(rest(base), rest(wanted));
}

async function changeShare({ client, dom, signal }: LiveTools, { share }: Change): Promise<Result> {
  const params = share === undefined ? [] : [...shareParams(share)];
  if (params.length === 0) return 'live';
  const asked = { dom, params, flags: onlyLive };
  return await attempt(() =>
    client.call('DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS', asked, { signal }),
  );
}

type Result = 'live' | 'pending';

/** What a driver says of a call that it does not carry, or not for this device. */
const cannot = new Set([
  'NO_SUPPORT',
  'OPERATION_UNSUPPORTED',
  'CONFIG_UNSUPPORTED',
  'INVALID_ARG',
  'ARGUMENT_UNSUPPORTED',
]);

async function attempt(work: () => Promise<unknown>): Promise<Result> {
  try {
    await work();
    return 'live';
  } catch (error) {
    const name = isFault(error) ? libvirtFacts(error)?.name : undefined;
    if (name === undefined || !cannot.has(name)) throw error;
    return 'pending';
  }
}

async function changeProcessors(
  { client, dom, signal }: LiveTools,
  { base, wanted }: Change,
): Promise<Result> {
  const nvcpus = wanted.processor.count;
  if (base.processor.count === nvcpus) return 'live';
  return await attempt(() =>
    client.call('DOMAIN_SET_VCPUS_FLAGS', { dom, nvcpus, flags: onlyLive }, { signal }),
  );
}

async function changeMemory(
  { client, dom, signal }: LiveTools,
  { base, wanted }: Change,
): Promise<Result> {
  const { sizeBytes } = wanted.memory;
  if (base.memory.sizeBytes === sizeBytes) return 'live';
  const memory = BigInt(sizeBytes / kiB);
  return await attempt(() =>
    client.call('DOMAIN_SET_MEMORY_FLAGS', { dom, memory, flags: onlyLive }, { signal }),
  );
}

async function changeDisks(tools: LiveTools, { base, wanted }: Change): Promise<Result> {
  if (isDeepStrictEqual(base.disks, wanted.disks)) return 'live';
  const before = new Map(base.disks.map((disk) => [placeName(disk), disk]));
  const after = new Map(wanted.disks.map((disk) => [placeName(disk), disk]));
  let result: Result = 'live';
  const note = (one: Result): void => {
    if (one === 'pending') result = one;
  };
  for (const place of before.keys())
    if (!after.has(place)) note(await unplug(tools, (root) => findDisk(root, place)));
  for (const [place, disk] of after) {
    const known = before.get(place);
    if (known !== undefined) {
      if (!isDeepStrictEqual(withoutLimits(known), withoutLimits(disk))) note('pending');
      else if (!isDeepStrictEqual(limitsSaid(known.limits), limitsSaid(disk.limits)))
        note(await limit(tools, place, disk));
      continue;
    }
    const root = readXml(await readLive(tools.client, tools.dom, tools.signal));
    if (findDisk(root, place) !== undefined) continue;
    const taken = takenTargets(findAll(find(root, 'devices'), 'disk'));
    note(await plug(tools, diskXml(disk, targetOf(disk, taken))));
  }
  return result;
}

async function limit(
  { client, dom, signal }: LiveTools,
  place: string,
  { limits }: Disk,
): Promise<Result> {
  const root = readXml(await readLive(client, dom, signal));
  const disk = attributeOf(find(findDisk(root, place), 'target'), 'dev');
  if (disk === undefined) return 'pending';
  const told = iotuneOf(limits);
  // All of them: of what is not said some drivers keep what was.
  const params = iotuneWords.map((word) => uhyperParam(word, told.get(word) ?? 0));
  const args = { dom, disk, params, flags: onlyLive };
  return await attempt(() => client.call('DOMAIN_SET_BLOCK_IO_TUNE', args, { signal }));
}

async function changeDrives(tools: LiveTools, { base, wanted }: Change): Promise<Result> {
  const drivesOf = ({ opticalDrives, floppy }: Hardware) =>
    new Map([
      ...opticalDrives.map((drive) => [placeName(drive), drive.medium] as const),
      ...(floppy === null ? [] : [['floppy', floppy.medium] as const]),
    ]);
  const [before, after] = [drivesOf(base), drivesOf(wanted)];
  let result: Result = isDeepStrictEqual([...before.keys()], [...after.keys()])
    ? 'live'
    : 'pending';
  for (const [place, medium] of after) {
    if (!before.has(place) || isDeepStrictEqual(before.get(place), medium)) continue;
    const flags = tools.tray === 'force' ? onlyLive | byForce : onlyLive;
    const done = await update(
      tools,
      flags,
      (root) => findDisk(root, place),
      (xml, there) => editMedium(xml, there, medium),
    );
    if (done === 'pending') result = done;
  }
  return result;
}

async function changeAdapters(tools: LiveTools, { base, wanted }: Change): Promise<Result> {
  const before = new Map(base.adapters.map((adapter) => [adapter.mac, adapter]));
  const after = new Map(wanted.adapters.map((adapter) => [adapter.mac, adapter]));
  let result: Result = 'live';
  const note = (one: Result): void => {
    if (one === 'pending') result = one;
  };
  for (const mac of before.keys())
    if (!after.has(mac)) note(await unplug(tools, (root) => findAdapter(root, mac)));
  for (const [mac, adapter] of after) {
    const known = before.get(mac);
    if (known === undefined) {
      const root = readXml(await readLive(tools.client, tools.dom, tools.signal));
      if (findAdapter(root, mac) === undefined) note(await plug(tools, adapterXml(adapter)));
    } else if (!isDeepStrictEqual(plugged(known), plugged(adapter))) note('pending');
    else if (!isDeepStrictEqual({ ...known, slot: 0 }, { ...adapter, slot: 0 })) {
      const find = (root: XmlNode) => findAdapter(root, mac);
      note(
        await update(tools, onlyLive, find, (xml, there) =>
          editAdapter(xml, there, known, adapter),
        ),
      );
    }
  }
  return result;
}

/** What a guest would see an adapter change by. */
function plugged({ model }: Adapter): unknown {
  return { model };
}

async function plug({ client, dom, signal }: LiveTools, xml: string): Promise<Result> {
  return await attempt(() =>
    client.call('DOMAIN_ATTACH_DEVICE_FLAGS', { dom, xml, flags: onlyLive }, { signal }),
  );
}

type Find = (root: XmlNode) => XmlNode | undefined;

/** A guest lets go of a device when it likes; one that has not within the hypervisor's time has it until it ends. */
async function unplug(tools: LiveTools, device: Find): Promise<Result> {
  const { client, dom, signal } = tools;
  const xml = new XmlText(await readLive(client, dom, signal));
  const there = device(xml.root);
  if (there === undefined) return 'live';
  const args = { dom, xml: xml.outer(there), flags: onlyLive };
  const result = await attempt(() => client.call('DOMAIN_DETACH_DEVICE_FLAGS', args, { signal }));
  if (result === 'pending') return result;
  return device(readXml(await readLive(client, dom, signal))) === undefined ? 'live' : 'pending';
}

async function update(
  { client, dom, signal }: LiveTools,
  flags: number,
  device: Find,
  edit: (xml: XmlText, there: XmlNode) => void,
): Promise<Result> {
  const xml = new XmlText(await readLive(client, dom, signal));
  const there = device(xml.root);
  if (there === undefined) return 'pending';
  edit(xml, there);
  const edited = new XmlText(xml.toString());
  const after = device(edited.root) ?? there;
  const args = { dom, xml: edited.outer(after), flags };
  return await attempt(() => client.call('DOMAIN_UPDATE_DEVICE_FLAGS', args, { signal }));
}
