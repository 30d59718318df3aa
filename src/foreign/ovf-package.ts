/**
 * The envelope of an OVF descriptor (DMTF DSP0243, versions 1.0 to 2.1): the files that it refers to, its disks, and the one vm in
 * it. Names are compared without their prefixes, since every product chooses its own.
 */
import { Fault } from '#lib';
import { lose, maxLost, type Lost } from './machine.ts';
import type { XmlNode } from './xml.ts';

export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

export function childOf(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return node?.children.find((child) => localName(child.name) === name);
}

export function childrenOf(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  return node?.children.filter((child) => localName(child.name) === name) ?? [];
}

/** Its text; empty where there is none. */
export function wordOf(node: XmlNode | undefined, name: string): string {
  return childOf(node, name)?.text.trim() ?? '';
}

export function attributeNamed(node: XmlNode | undefined, name: string): string | undefined {
  for (const [key, value] of node?.attributes ?? []) if (localName(key) === name) return value;
  return undefined;
}

/** A content that a device has: a file of the package, or nothing yet. */
export type OvfContent =
  | { readonly kind: 'file'; readonly href: string }
  | { readonly kind: 'empty'; readonly capacity: string };

export class OvfPackage {
  readonly envelope: XmlNode;
  readonly system: XmlNode;
  readonly #lost: Lost[] = [];
  readonly #files: ReadonlyMap<string, XmlNode>;
  readonly #disks: ReadonlyMap<string, XmlNode>;

  /** Faults: `invalid` for one without a vm; `unsupported` for one with several. */
  constructor(envelope: XmlNode) {
    this.envelope = envelope;
    this.system = theSystem(envelope);
    this.#files = byId(childrenOf(childOf(envelope, 'References'), 'File'), 'id');
    this.#disks = byId(
      sectionsOf(envelope, 'DiskSection').flatMap((one) => childrenOf(one, 'Disk')),
      'diskId',
    );
  }

  lose(setting: string, value: string, why: string, device: string | null = null): void {
    if (this.#lost.length < maxLost) this.#lost.push(lose(setting, value, why, device));
  }

  get lost(): readonly Lost[] {
    return this.#lost;
  }

  /**
   * What `HostResource` of an item leads to: `ovf:/disk/ID` or `ovf:/file/ID`, with or without the scheme. Undefined for a
   * resource of the other host. Faults: `unsupported` for what cannot be read as it lies there; `invalid` for one that is not in the package.
   */
  contentOf(resource: string): OvfContent | undefined {
    const [, kind, id = ''] = /^(?:ovf:)?\/(disk|file)\/(.{1,1024})$/.exec(resource) ?? [];
    if (kind === undefined) return undefined;
    if (kind === 'file') return { kind: 'file', href: this.#fileOf(id) };
    const disk = this.#disks.get(id);
    if (disk === undefined) throw new Fault('invalid', `it has no disk ${id.slice(0, 80)}`);
    const parent = attributeNamed(disk, 'parentRef');
    if (parent !== undefined && parent !== '')
      throw new Fault('unsupported', `its disk ${id.slice(0, 80)} holds changes to another one`, {
        hint: 'export the vm again, with whole disks',
      });
    const file = attributeNamed(disk, 'fileRef');
    const capacity = attributeNamed(disk, 'capacity') ?? '';
    const units = attributeNamed(disk, 'capacityAllocationUnits') ?? 'byte';
    if (file === undefined || file === '')
      return { kind: 'empty', capacity: `${capacity} x ${units}` };
    return { kind: 'file', href: this.#fileOf(file) };
  }

  #fileOf(id: string): string {
    const file = this.#files.get(id);
    const href = attributeNamed(file, 'href');
    if (href === undefined || href === '')
      throw new Fault('invalid', `it refers to no file ${id.slice(0, 80)}`);
    const shown = href.slice(0, 80);
    if (/^[a-z][a-z0-9+.-]*:/i.test(href))
      throw new Fault('unsupported', `its file ${shown} lies on another machine`, {
        hint: 'download it, put it beside the descriptor, and change its href there to its name',
      });
    const packing = attributeNamed(file, 'compression') ?? 'identity';
    if (packing !== '' && packing !== 'identity')
      throw new Fault('unsupported', `its file ${shown} is packed with ${packing.slice(0, 20)}`, {
        hint: 'unpack it, and take its ovf:compression out of the descriptor',
      });
    if (Number(attributeNamed(file, 'chunkSize') ?? 0) > 0)
      throw new Fault('unsupported', `its file ${shown} is in several pieces`, {
        hint: 'put them together, and take its ovf:chunkSize out of the descriptor',
      });
    return href;
  }
}

/** Sections of a kind, as the envelope of a version names them. */
export function sectionsOf(node: XmlNode, name: string): readonly XmlNode[] {
  const type = `${name}_Type`;
  return node.children.filter(
    (child) =>
      localName(child.name) === name ||
      // OVF 0.9 had one element for all of them.
      (localName(child.name) === 'Section' &&
        localName(attributeNamed(child, 'type') ?? '') === type),
  );
}

function byId(nodes: readonly XmlNode[], name: string): ReadonlyMap<string, XmlNode> {
  return new Map(nodes.map((node) => [attributeNamed(node, name) ?? '', node]));
}

function theSystem(envelope: XmlNode): XmlNode {
  const systems = systemsIn(envelope);
  const [only] = systems;
  if (only === undefined) throw new Fault('invalid', 'there is no vm in it');
  if (systems.length === 1) return only;
  const names = systems.map((one) => attributeNamed(one, 'id') ?? '?').slice(0, 10);
  throw new Fault('unsupported', `there are ${systems.length} vms in it: ${names.join(', ')}`, {
    hint: 'export each of them by itself, where they come from',
  });
}

function systemsIn(node: XmlNode): readonly XmlNode[] {
  return node.children.flatMap((child) => {
    const name = localName(child.name);
    if (name === 'VirtualSystem') return [child];
    if (name === 'VirtualSystemCollection') return systemsIn(child);
    const type = localName(attributeNamed(child, 'type') ?? '');
    if (name !== 'Content') return [];
    return type === 'VirtualSystemCollection_Type' ? systemsIn(child) : [child];
  });
}
