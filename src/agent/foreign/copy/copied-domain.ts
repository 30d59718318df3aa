/**
 * The XML of a copy of a domain: what the copy must not share with it is another one (name, UUID, addresses, disks, file of
 * UEFI variables), all else stays to the character. Pure.
 */
import { posix } from 'node:path';
import { placeName, type Hardware, type VmDefinition } from '#api';
import { attributeOf, find, findAll, textOf, XmlText } from '#foreign';
import { Fault } from '#lib';
import { editDomain } from '../edit/edit-domain.ts';
import { readHardware, type HardwareContext } from '../hardware/read-hardware.ts';

export interface CopiedDomain {
  readonly xml: string;
  /** Files of UEFI variables of both; undefined where there is none to copy. */
  readonly variables: { readonly from: string; readonly to: string } | undefined;
}

/** Errors: `refused` for a disk that both would write; those of `editDomain`. */
export function copyDomain(
  text: string,
  {
    name,
    uuid,
    copy,
  }: { readonly name: string; readonly uuid: string; readonly copy: VmDefinition },
  context: HardwareContext,
): CopiedDomain {
  const { hardware: base, others } = readHardware(text, context);
  // A disk that has no word here has no file that could be copied.
  const shared = others.find((other) => /^(?:disk|lun)\b/.test(other));
  if (shared !== undefined)
    throw new Fault('refused', `a copy would share its ${shared}, which Gantry has no word for`, {
      hint: 'detach it there, clone the vm, and attach it again',
    });
  const wanted = { ...base, ...identityOf(base, copy.hardware) };
  const xml = new XmlText(editDomain(text, { base, wanted }, context));
  const { root } = xml;
  const [named, numbered] = [find(root, 'name'), find(root, 'uuid')];
  if (named === undefined) throw new Fault('invalid', 'a domain has a name');
  xml.setText(named, name);
  if (numbered !== undefined) xml.setText(numbered, uuid);
  else xml.append(root, `<uuid>${uuid}</uuid>`);
  const generation = find(root, 'genid');
  if (generation !== undefined) xml.replace(generation, '<genid/>');
  for (const entry of findAll(find(root, 'sysinfo', 'system'), 'entry'))
    if (attributeOf(entry, 'name') === 'uuid') xml.setText(entry, uuid);
  for (const disk of findAll(find(root, 'devices'), 'disk')) {
    const below = find(disk, 'backingStore');
    if (below !== undefined) xml.remove(below);
  }
  // Two vms do not listen on one port.
  for (const screen of findAll(find(root, 'devices'), 'graphics'))
    if (attributeOf(screen, 'autoport') === 'no') {
      xml.setAttribute(screen, 'autoport', 'yes');
      xml.setAttribute(screen, 'port', '-1');
    }
  const kept = find(root, 'os', 'nvram');
  const from = textOf(kept);
  if (kept === undefined || from === undefined || from === '')
    return { xml: xml.toString(), variables: undefined };
  const to = posix.join(posix.dirname(from), `${uuid}_VARS${posix.extname(from)}`);
  xml.setText(kept, to);
  return { xml: xml.toString(), variables: { from, to } };
}

/** Of what the copy has, what it does not share: files and serial numbers of its disks, addresses of its adapters. */
function identityOf(base: Hardware, copy: Hardware): Pick<Hardware, 'disks' | 'adapters'> {
  const disks = new Map(copy.disks.map((disk) => [placeName(disk), disk]));
  const adapters = new Map(copy.adapters.map((adapter) => [adapter.slot, adapter]));
  return {
    disks: base.disks.map((disk) => {
      const other = disks.get(placeName(disk));
      if (other === undefined)
        throw new Fault('stale', `the disk ${placeName(disk)} has come meanwhile`, {
          hint: 'try again',
        });
      const { file, format, serial } = other;
      return { ...disk, file, format, serial };
    }),
    adapters: base.adapters.map((adapter) => {
      const mac = adapters.get(adapter.slot)?.mac;
      if (mac === undefined)
        throw new Fault('stale', `the adapter ${adapter.slot} has come meanwhile`, {
          hint: 'try again',
        });
      return { ...adapter, mac };
    }),
  };
}
