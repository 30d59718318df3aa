/**
 * The bounds of a machine specification. All that is wrong is reported at once, each with the path of its
 * setting (VM-64, VM-71).
 */
import { Fault, miB, type Reason } from '#lib';
import { checkBoardDevices } from './check-board.ts';
import { checkAdapters } from './check-adapters.ts';
import { checkPorts } from './check-ports.ts';
import { checkStorage } from './check-storage.ts';
import { checkShares } from './check-shares.ts';
import { isText, isWithin, patterns, type Report } from './check-values.ts';
import { checkDisplay } from './display.ts';
import { moduleStepBytes } from './memory.ts';
import { idPattern } from './names.ts';
import type { MachineSpec, ProcessorSpec } from './spec.ts';

const maxProcessors = { pc: 255, q35: 288, virt: 512 } as const;
const maxMemoryBytes = 16 * 1024 ** 4;
const maxSlots = 256;
const maxOemStrings = 32;
const maxFirmwareEntries = 16;
const maxEntryText = 16 * 1024;

/** Errors: `invalid`, with a reason per setting and the settings in `facts.settings`. */
export function checkMachine(spec: MachineSpec): void {
  const reasons: Reason[] = [];
  const settings: string[] = [];
  const report: Report = (setting, text, remedy) => {
    settings.push(setting);
    reasons.push({ code: 'setting-invalid', text: `${setting}: ${text}`, remedy });
  };
  checkBoard(spec, report);
  checkBoardDevices(spec, report);
  checkProcessor(spec, report);
  checkMemory(spec, report);
  checkModules(spec, report);
  checkIdentity(spec, report);
  checkIds(spec, report);
  checkStorage(spec, report);
  checkAdapters(spec, report);
  checkPorts(spec, report);
  checkShares(spec, report);
  checkDisplay(spec, report);
  checkBoot(spec, report);
  const [first, ...others] = reasons;
  if (!first) return;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const name = spec.name.slice(0, 60);
  throw new Fault('invalid', `machine ${name} cannot be built: ${first.text}${more}`, {
    facts: { settings },
    hint: first.remedy,
    reasons,
  });
}

function checkBoard(spec: MachineSpec, report: Report): void {
  if (!isText(spec.name, 200)) report('name', 'is empty, too long or has control characters');
  if (!patterns.uuid.test(spec.uuid)) report('uuid', 'is not a UUID in lower case');
  if (spec.generationId !== undefined && !patterns.uuid.test(spec.generationId)) {
    report('generationId', 'is not a UUID in lower case');
  }
  if (spec.chipsetVersion !== undefined && !/^\d{1,2}\.\d{1,2}$/.test(spec.chipsetVersion)) {
    report('chipsetVersion', 'is not a version such as 7.2');
  }
  if (spec.firmware.kind === 'uefi') {
    const { codePath, varsPath, secureBoot } = spec.firmware;
    if (!patterns.path.test(codePath)) report('firmware.codePath', 'is not an absolute path');
    if (!patterns.path.test(varsPath)) report('firmware.varsPath', 'is not an absolute path');
    if (secureBoot === 'required' && spec.chipset !== 'q35') {
      report(
        'firmware.secureBoot',
        `the ${spec.chipset} chip set cannot protect it`,
        'choose the q35 chip set',
      );
    }
  }
  if (spec.clock.kind === 'at' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(spec.clock.start)) {
    report('clock.start', 'is not a time such as 2026-03-01T12:00:00');
  }
  const usb = spec.usbControllers;
  if (new Set(usb).size !== usb.length) report('usbControllers', 'names a generation twice');
  if (spec.tablet !== undefined && !usb.includes(spec.tablet)) {
    report('tablet', `there is no ${spec.tablet} controller`, 'add it to usbControllers');
  }
}

function checkProcessor(spec: MachineSpec, report: Report): void {
  const { processor } = spec;
  const fields = ['count', 'sockets', 'cores', 'threads'] as const;
  const limit = maxProcessors[spec.chipset];
  for (const field of fields) {
    const value = processor[field];
    if (!Number.isInteger(value) || value < 1 || value > limit) {
      report(`processor.${field}`, `is not a whole number from 1 to ${limit}`);
    }
  }
  checkTopology(processor, limit, report);
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/.test(processor.model)) {
    report('processor.model', 'is not the name of a processor model');
  }
  if (processor.model === 'max' && spec.acceleration === 'kvm') {
    report('processor.model', 'max is for emulation', 'choose host');
  }
  for (const [name, state] of Object.entries(processor.features ?? {})) {
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name) || (state !== 'on' && state !== 'off')) {
      report(`processor.features.${name.slice(0, 64)}`, 'is not a feature that is on or off');
    }
  }
}

function checkTopology(processor: ProcessorSpec, limit: number, report: Report): void {
  const all = processor.sockets * processor.cores * processor.threads;
  if (all > limit) report('processor', `${all} processors are more than the ${limit} possible`);
  if (processor.count > all) {
    report('processor.count', `is more than the ${all} of the topology`, 'raise sockets or cores');
  }
}

function checkMemory(spec: MachineSpec, report: Report): void {
  const { sizeBytes, maxBytes, slots } = spec.memory;
  const fits = (bytes: number): boolean =>
    Number.isSafeInteger(bytes) && bytes >= miB && bytes <= maxMemoryBytes && bytes % miB === 0;
  if (!fits(sizeBytes)) report('memory.sizeBytes', 'is not a multiple of 1 MiB up to 16 TiB');
  if ((maxBytes === undefined) !== (slots === undefined)) {
    report('memory.maxBytes', 'goes with memory.slots, and the other way round');
  }
  if (maxBytes !== undefined && (!fits(maxBytes) || maxBytes <= sizeBytes)) {
    report('memory.maxBytes', 'is not a multiple of 1 MiB above memory.sizeBytes');
  }
  if (slots !== undefined && !(Number.isInteger(slots) && slots >= 1 && slots <= maxSlots)) {
    report('memory.slots', `is not a whole number from 1 to ${maxSlots}`);
  }
}

function checkModules(spec: MachineSpec, report: Report): void {
  const { modules = [], slots = 0, sizeBytes, maxBytes = 0 } = spec.memory;
  const used = new Set<number>();
  for (const [index, module] of modules.entries()) {
    const setting = `memory.modules[${index}]`;
    if (!isWithin(module.slot, 0, slots - 1)) report(`${setting}.slot`, 'there is no such slot');
    if (used.has(module.slot)) report(`${setting}.slot`, 'is taken');
    used.add(module.slot);
    const bytes = module.sizeBytes;
    if (!Number.isSafeInteger(bytes) || bytes <= 0 || bytes % moduleStepBytes !== 0) {
      report(`${setting}.sizeBytes`, 'is not a multiple of 128 MiB');
    }
  }
  const all = modules.reduce((sum, module) => sum + module.sizeBytes, sizeBytes);
  if (modules.length > 0 && all > maxBytes) {
    report('memory.modules', 'are more than memory.maxBytes allows');
  }
}

function checkIdentity(spec: MachineSpec, report: Report): void {
  const { oemStrings = [], ...texts } = spec.identity;
  for (const [name, value] of Object.entries(texts)) {
    if (value !== undefined && !isText(value, 128)) {
      report(`identity.${name}`, 'is empty, too long or has control characters');
    }
  }
  if (oemStrings.length > maxOemStrings || !oemStrings.every((value) => isText(value, 255))) {
    report('identity.oemStrings', `are not up to ${maxOemStrings} texts of at most 255 characters`);
  }
  const entries = spec.firmwareEntries ?? [];
  if (entries.length > maxFirmwareEntries) {
    report('firmwareEntries', `are more than ${maxFirmwareEntries}`);
  }
  for (const [index, { name, content }] of entries.entries()) {
    const setting = `firmwareEntries[${index}]`;
    if (!/^opt\/[a-zA-Z0-9._/-]{1,51}$/.test(name)) {
      report(`${setting}.name`, 'does not begin with opt/ or is longer than 55 characters');
    }
    const fine =
      content.kind === 'text'
        ? content.text.length <= maxEntryText && !content.text.includes('\0')
        : patterns.path.test(content.path);
    if (!fine)
      report(`${setting}.content`, 'is too long, has a zero character or no absolute path');
  }
}

/** Everything that has an id, with the setting in which it stands. */
function namedDevices(spec: MachineSpec): readonly (readonly [setting: string, id: string])[] {
  return [
    ...spec.disks.map(({ id }, index) => [`disks[${index}]`, id] as const),
    ...spec.opticalDrives.map(({ id }, index) => [`opticalDrives[${index}]`, id] as const),
    ...(spec.floppyDrive ? [['floppyDrive', spec.floppyDrive.id] as const] : []),
    ...spec.adapters.map(({ id }, index) => [`adapters[${index}]`, id] as const),
  ];
}

function checkIds(spec: MachineSpec, report: Report): void {
  const seen = new Set<string>();
  for (const [setting, id] of namedDevices(spec)) {
    if (!idPattern.test(id)) {
      report(`${setting}.id`, 'is not a letter followed by up to 19 letters, digits and hyphens');
    }
    if (seen.has(id)) report(`${setting}.id`, `${id} is the id of another device`);
    seen.add(id);
  }
}

function checkBoot(spec: MachineSpec, report: Report): void {
  const { order, once, menuMs } = spec.boot;
  const known = new Set(namedDevices(spec).map(([, id]) => id));
  const unknown = (id: string): boolean => !known.has(id);
  for (const id of order.filter(unknown)) report('boot.order', `there is no device ${id}`);
  if (new Set(order).size !== order.length) report('boot.order', 'names a device twice');
  if (once !== undefined && unknown(once)) report('boot.once', `there is no device ${once}`);
  if (menuMs !== undefined && !(Number.isInteger(menuMs) && menuMs >= 0 && menuMs <= 65_535)) {
    report('boot.menuMs', 'is not a whole number from 0 to 65535');
  }
  for (const [index, adapter] of spec.adapters.entries()) {
    if (adapter.bootRom === 'absent' && (order.includes(adapter.id) || once === adapter.id)) {
      report(`adapters[${index}].bootRom`, 'is absent but the machine is to boot from the adapter');
    }
  }
}
