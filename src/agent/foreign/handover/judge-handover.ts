/** What stands against giving a vm of a hypervisor to an agent, and against taking it back; and its files as the hypervisor sees them. */
import { posix } from 'node:path';
import { placeName, type Hardware, type LinkParams, type LinkResult, type SeenFile } from '#api';
import { attributeOf, find, readXml, textOf, type XmlNode } from '#foreign';
import { describeFault, isFault, type Reason } from '#lib';
import type { Client, StorageVolHandle } from '#libvirt';
import type { BorrowedPools } from '../copy/borrowed-pool.ts';
import { readDefined } from '../edit/persist.ts';
import { requireNetworks } from '../edit/require-networks.ts';
import type { ForeignMachines } from '../machines.ts';
import { lookUp } from '../make/domains.ts';
import { Volumes } from '../make/volumes.ts';
import { findKept } from './find-kept.ts';
import { returnedText } from './returned-text.ts';

export interface HandoverQuestion {
  readonly client: Client;
  readonly machines: ForeignMachines;
  readonly borrowed: BorrowedPools;
  /** Of its address. */
  readonly scope: string;
  readonly id: string;
}

/** Of a domain, what is in a definition of Gantry or says nothing about the machine. */
const modelled: ReadonlySet<string> = new Set(
  'name uuid title description metadata memory currentMemory vcpu cputune memtune os features cpu clock on_poweroff'
    .concat(' on_reboot on_crash pm devices resource seclabel')
    .split(' '),
);
const maxUnmodelled = 100;

/** Errors: those of the client. */
export async function readHandover(
  { client, machines, borrowed, scope, id }: HandoverQuestion,
  signal: AbortSignal,
): Promise<LinkResult<'machine.handover.read'>> {
  const { handle: dom, startsWithHost } = machines.find(id);
  const { hardware, extensions } = machines.definition(id);
  const xml = await readDefined(client, dom, signal);
  const domain = readXml(xml);
  const { persistent } = await client.call('DOMAIN_IS_PERSISTENT', { dom }, { signal });
  const reasons: Reason[] = [];
  if (persistent === 0)
    reasons.push({
      code: 'transient',
      text: `${dom.name} has no definition on its hypervisor, to which it could be given back`,
      remedy: 'define it there first, with virsh define',
    });
  if (machines.snapshots(id).length > 0)
    reasons.push({
      code: 'snapshots',
      text: `${dom.name} has snapshots, which are its hypervisor's`,
      remedy: `delete them first: gantry vm snapshot list ${dom.name}`,
    });
  const question = { client, borrowed, scope, name: dom.name, uuid: dom.uuid, xml };
  const { kept, uefi, reasons: against } = await findKept(question, signal);
  reasons.push(...against, ...judgeSharing(machines, id, hardware));
  const { files, lost } = await seeFiles(client, hardware, signal);
  const { libvirt } = extensions;
  const others =
    typeof libvirt === 'object' && libvirt !== null && 'others' in libvirt ? libvirt['others'] : [];
  const devices = Array.isArray(others) ? others.map(String) : [];
  const parts = domain.children.map(({ name }) => name).filter((name) => !modelled.has(name));
  const unmodelled = [
    ...new Set([...devices, ...otherTpm(domain, hardware), ...otherEnds(domain), ...parts]),
  ];
  return {
    xml,
    startsWithHost,
    files,
    unmodelled: unmodelled.slice(0, maxUnmodelled).map((text) => text.slice(0, 120)),
    kept,
    uefi,
    reasons: [...reasons, ...lost],
  };
}

/** Its contents are what they are; how the guest speaks with it follows from the chipset here. */
function otherTpm(domain: XmlNode, { machine }: Hardware): string[] {
  const model = attributeOf(find(domain, 'devices', 'tpm'), 'model');
  const ours = machine === 'q35' ? 'tpm-crb' : 'tpm-tis';
  return model === undefined || model === ours ? [] : [`interface ${model} of its TPM`];
}

/** What becomes of it here when its guest has crashed is a setting that it has not been given. */
const ends: Readonly<Record<string, readonly string[]>> = {
  on_poweroff: ['destroy'],
  on_reboot: ['restart', 'destroy'],
  on_crash: ['destroy'],
};

function otherEnds(domain: XmlNode): string[] {
  return Object.entries(ends).flatMap(([name, words]) => {
    const word = textOf(find(domain, name));
    return word === undefined || words.includes(word) ? [] : [`${name} ${word}`];
  });
}

/** Two hypervisors do not write one disk. */
function judgeSharing(machines: ForeignMachines, id: string, { disks }: Hardware): Reason[] {
  const mine = new Set(disks.map(({ file }) => file));
  const reasons: Reason[] = [];
  for (const { definition } of machines.records()) {
    if (definition.id === id) continue;
    for (const { file } of definition.hardware.disks)
      if (mine.has(file))
        reasons.push({
          code: 'disk-used',
          text: `${definition.name} of the same hypervisor has the disk ${file}, too`,
          remedy: 'take it from one of both first',
        });
  }
  return reasons;
}

/** Errors: those of the client. */
export async function planReturn(
  { client, architecture }: { readonly client: Client; readonly architecture: string },
  asked: LinkParams<'machine.handover.plan'>,
  signal: AbortSignal,
): Promise<LinkResult<'machine.handover.plan'>> {
  const { uuid, xml, base, wanted, mayBeThere } = asked;
  const reasons: Reason[] = [];
  try {
    returnedText(asked, architecture);
    await requireNetworks(client, base, wanted, signal);
  } catch (error) {
    if (!isFault(error)) throw error;
    reasons.push({ code: 'unsupported', text: describeFault(error), remedy: error.hint });
  }
  const name = textOf(find(readXml(xml), 'name')) ?? '';
  const there = await lookUp(client, uuid, signal);
  if (there !== undefined && mayBeThere !== true)
    reasons.push({
      code: 'exists',
      text: 'its hypervisor has a vm of its UUID again',
      remedy: `undefine that one: virsh undefine ${name}`,
    });
  else if (there === undefined && (await hasName(client, name, signal)))
    reasons.push({
      code: 'exists',
      text: `its hypervisor has another vm ${name}`,
      remedy: 'rename that one: virsh domrename',
    });
  const { files, lost } = await seeFiles(client, wanted, signal);
  return { files, reasons: [...reasons, ...lost] };
}

async function hasName(client: Client, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.call('DOMAIN_LOOKUP_BY_NAME', { name }, { signal });
    return true;
  } catch (error) {
    if (isFault(error, 'not-found')) return false;
    throw error;
  }
}

/** libvirt tells of files through the storage pools that they are in. */
async function seeFiles(
  client: Client,
  { disks }: Hardware,
  signal: AbortSignal,
): Promise<{ readonly files: SeenFile[]; readonly lost: readonly Reason[] }> {
  const volumes = new Volumes(client);
  const files: SeenFile[] = [];
  const lost: Reason[] = [];
  for (const disk of disks) {
    const what = `the disk ${placeName(disk)}, ${disk.file},`;
    const vol = posix.isAbsolute(disk.file) ? await volumes.find(disk.file, signal) : undefined;
    const changed = vol === undefined ? undefined : await readChanged(client, vol, signal);
    if (changed !== undefined) files.push({ file: disk.file, changed });
    else
      lost.push({
        code: 'no-pool',
        text: `${what} is no file of a storage pool of its hypervisor, which could tell which one it is`,
        remedy: `make a pool of its folder there, or refresh it: virsh pool-create-as NAME dir --target ${posix.dirname(disk.file)}`,
      });
  }
  return { files, lost };
}

/** Undefined for what is no file. libvirt leaves out a fraction that is zero. */
async function readChanged(
  client: Client,
  vol: StorageVolHandle,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { xml } = await client.call('STORAGE_VOL_GET_XML_DESC', { vol, flags: 0 }, { signal });
  const volume = readXml(xml);
  if (attributeOf(volume, 'type') !== 'file') return undefined;
  const told = textOf(find(volume, 'target', 'timestamps', 'ctime')) ?? '';
  const [, seconds, fraction = '0'] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(told) ?? [];
  return seconds === undefined ? undefined : `${seconds}.${fraction.padStart(9, '0')}`;
}
