/**
 * Disks, drives and adapters of a domain's XML as a definition says. An element that stays keeps all that a definition has
 * no word for. A disk or drive is known by its place, an adapter by its address (`mac`).
 */
import { isDeepStrictEqual } from 'node:util';
import { limitsSaid, placeName, type Adapter, type Disk, type Hardware, type Medium } from '#api';
import {
  attributeOf,
  escapeXml,
  find,
  findAll,
  iotuneWords,
  type XmlNode,
  type XmlText,
} from '#foreign';
import { Fault } from '#lib';
import { placeOf } from '../hardware/places.ts';
import {
  adapterXml,
  bandwidthXml,
  diskXml,
  driveXml,
  element,
  floppyXml,
  iotuneXml,
  mediumFile,
  plugOf,
  sourceWords,
  takenTargets,
  targetOf,
} from './device-xml.ts';

function devicesOf({ root }: XmlText): XmlNode {
  const devices = find(root, 'devices');
  if (devices !== undefined) return devices;
  throw new Fault('unsupported', 'its hypervisor tells of no devices');
}

/** `place`: the name of one on a bus, or `floppy`. Undefined where there is none. */
export function findDisk(root: XmlNode, place: string): XmlNode | undefined {
  return findAll(find(root, 'devices'), 'disk').find((disk) => {
    const isFloppy = attributeOf(disk, 'device') === 'floppy';
    if (place === 'floppy' || isFloppy) return place === 'floppy' && isFloppy;
    const at = placeOf(disk);
    return at !== undefined && placeName(at) === place;
  });
}

/** Undefined where there is none. */
export function findAdapter(root: XmlNode, mac: string): XmlNode | undefined {
  return findAll(find(root, 'devices'), 'interface').find(
    (one) => attributeOf(find(one, 'mac'), 'address')?.toLowerCase() === mac,
  );
}

/** Drops those that are gone, changes those that are others, and adds new ones. */
export function editDisks(xml: XmlText, base: Hardware, wanted: Hardware): void {
  const devices = devicesOf(xml);
  const taken = new Set(takenTargets(findAll(devices, 'disk')));
  const places = (hardware: Hardware) => {
    const all = [...hardware.disks, ...hardware.opticalDrives];
    return new Map(all.map((one) => [placeName(one), one]));
  };
  const [before, after] = [places(base), places(wanted)];
  for (const [place, one] of before) {
    const other = after.get(place);
    if (other !== undefined && 'medium' in one === 'medium' in other) continue;
    const disk = findDisk(xml.root, place);
    if (disk === undefined) continue;
    taken.delete(attributeOf(find(disk, 'target'), 'dev') ?? '');
    xml.remove(disk);
  }
  for (const [place, one] of after) {
    const other = before.get(place);
    const there = findDisk(xml.root, place);
    if (other !== undefined && 'medium' in one === 'medium' in other && there !== undefined) {
      if ('medium' in one) editMedium(xml, there, one.medium);
      else if (!('medium' in other)) editDisk(xml, there, other, one);
      continue;
    }
    // Somebody has put it there meanwhile, as it is wanted or not: that is judged by who asked.
    if (other === undefined && there !== undefined) continue;
    const target = targetOf(one, taken);
    taken.add(target);
    xml.append(devices, 'medium' in one ? driveXml(one, one.medium, target) : diskXml(one, target));
  }
  editFloppy(xml, devices, base.floppy, wanted.floppy);
}

function editFloppy(
  xml: XmlText,
  devices: XmlNode,
  base: Hardware['floppy'],
  wanted: Hardware['floppy'],
): void {
  const there = findDisk(xml.root, 'floppy');
  if (wanted === null) {
    if (base !== null && there !== undefined) xml.remove(there);
  } else if (there === undefined)
    xml.append(devices, floppyXml(wanted.medium, wanted.readOnly ? 'read-only' : 'writable'));
  else {
    editMedium(xml, there, wanted.medium);
    setFlag(xml, there, 'readonly', wanted.readOnly ? 'on' : 'off');
  }
}

/** Only what is another in the definition: what is there may have words of its own for the rest. */
function editDisk(xml: XmlText, there: XmlNode, base: Disk, wanted: Disk): void {
  if (wanted.file !== base.file) setSource(xml, there, wanted.file);
  if (wanted.readOnly !== base.readOnly)
    setFlag(xml, there, 'readonly', wanted.readOnly ? 'on' : 'off');
  if (wanted.shared !== base.shared) setFlag(xml, there, 'shareable', wanted.shared ? 'on' : 'off');
  const words = new Map<string, string | undefined>();
  if (wanted.format !== base.format) words.set('type', wanted.format);
  if (wanted.cache !== base.cache) words.set('cache', wanted.cache);
  if (wanted.discard !== base.discard) words.set('discard', wanted.discard ? 'unmap' : undefined);
  if (words.size > 0) {
    const driver = find(there, 'driver');
    if (driver === undefined) xml.append(there, element('driver', Object.fromEntries(words)));
    else
      for (const [name, value] of words)
        if (value === undefined) xml.removeAttribute(driver, name);
        else xml.setAttribute(driver, name, value);
  }
  editLimits(xml, there, base, wanted);
  if (wanted.serial === base.serial) return;
  const serial = find(there, 'serial');
  if (wanted.serial === '') {
    if (serial !== undefined) xml.remove(serial);
  } else if (serial === undefined)
    xml.append(there, element('serial', {}, escapeXml(wanted.serial)));
  else xml.setText(serial, wanted.serial);
}

/** A group of disks that share their limits stays one. */
function editLimits(xml: XmlText, there: XmlNode, base: Disk, wanted: Disk): void {
  const limits = limitsSaid(wanted.limits);
  if (isDeepStrictEqual(limitsSaid(base.limits), limits)) return;
  const known = find(there, 'iotune');
  const others = (known?.children ?? []).filter(({ name }) => !iotuneWords.includes(name));
  const text = iotuneXml(limits, limits && others.map((one) => xml.outer(one)).join(''));
  if (known === undefined) xml.append(there, text);
  else if (text === '') xml.remove(known);
  else xml.replace(known, text);
}

function setFlag(xml: XmlText, there: XmlNode, name: string, flag: 'on' | 'off'): void {
  const known = find(there, name);
  if (flag === 'off' && known !== undefined) xml.remove(known);
  if (flag === 'on' && known === undefined) xml.append(there, `<${name}/>`);
}

/** Null empties the drive. */
export function editMedium(xml: XmlText, drive: XmlNode, medium: Medium | null): void {
  const source = find(drive, 'source');
  if (medium !== null) setSource(xml, drive, mediumFile(medium));
  else if (source !== undefined) xml.remove(source);
}

function setSource(xml: XmlText, disk: XmlNode, file: string): void {
  const { type, key } = sourceWords(file);
  const source = find(disk, 'source');
  if (attributeOf(disk, 'type') === type && attributeOf(source, key) === file) return;
  xml.setAttribute(disk, 'type', type);
  const made = element('source', { [key]: file });
  if (source === undefined) xml.append(disk, made);
  else if (attributeOf(source, key) === undefined) xml.replace(source, made);
  else xml.setAttribute(source, key, file);
}

/** An adapter in the same slot under another address is the same one. */
export function editAdapters(xml: XmlText, base: Hardware, wanted: Hardware): void {
  const devices = devicesOf(xml);
  const bySlot = new Map(base.adapters.map((adapter) => [adapter.slot, adapter]));
  const byMac = new Map(base.adapters.map((adapter) => [adapter.mac, adapter]));
  const kept = new Set<Adapter>();
  const pairs = wanted.adapters.map((adapter) => {
    const before = byMac.get(adapter.mac) ?? bySlot.get(adapter.slot);
    if (before !== undefined) kept.add(before);
    return { adapter, before };
  });
  for (const adapter of base.adapters) {
    const there = kept.has(adapter) ? undefined : findAdapter(xml.root, adapter.mac);
    if (there !== undefined) xml.remove(there);
  }
  for (const { adapter, before } of pairs) {
    const there = findAdapter(xml.root, before?.mac ?? adapter.mac);
    if (before !== undefined && there !== undefined) editAdapter(xml, there, before, adapter);
    else if (there === undefined) xml.append(devices, adapterXml(adapter));
  }
}

function editBandwidth(xml: XmlText, there: XmlNode, base: Adapter, wanted: Adapter): void {
  if (isDeepStrictEqual(base.bandwidth, wanted.bandwidth)) return;
  const known = find(there, 'bandwidth');
  const text = bandwidthXml(known, base.bandwidth, wanted.bandwidth);
  if (known === undefined) xml.append(there, text);
  else if (text === '') xml.remove(known);
  else xml.replace(known, text);
}

export function editAdapter(xml: XmlText, there: XmlNode, base: Adapter, wanted: Adapter): void {
  const mac = find(there, 'mac');
  if (wanted.mac !== base.mac && mac !== undefined) xml.setAttribute(mac, 'address', wanted.mac);
  if (wanted.model !== base.model) {
    const model = find(there, 'model');
    if (model === undefined) xml.append(there, element('model', { type: wanted.model }));
    else xml.setAttribute(model, 'type', wanted.model);
  }
  if (wanted.link !== base.link) {
    const link = find(there, 'link');
    if (link === undefined) xml.append(there, element('link', { state: wanted.link }));
    else xml.setAttribute(link, 'state', wanted.link);
  }
  editBandwidth(xml, there, base, wanted);
  const [plugged, wish] = [base.attachment, wanted.attachment];
  if (JSON.stringify(plugged) === JSON.stringify(wish)) return;
  const { type, source } = plugOf(wish);
  xml.setAttribute(there, 'type', type);
  const known = find(there, 'source');
  if (known !== undefined && source !== undefined) xml.replace(known, element('source', source));
  else if (known !== undefined) xml.remove(known);
  else if (source !== undefined) xml.append(there, element('source', source));
}
