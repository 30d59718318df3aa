import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostSettingsSchema } from '#api';
import { giB, miB } from '#lib';
import { newMachineFile, type MachineFile } from '../machine/record.ts';
import { makeDefinition, type DefinitionChange } from '../testing/simulated-host.ts';
import { freeForMachines, judgeAdmission, type HostCapacity } from './admission.ts';

const settings = hostSettingsSchema.parse({});
const host: HostCapacity = {
  totalBytes: 8 * giB,
  freeBytes: 7 * giB,
  processors: 4,
  settings,
  serviceRunning: true,
  low: undefined,
};

function machine(memoryBytes: number, change: DefinitionChange = {}): MachineFile {
  const definition = makeDefinition({
    ...change,
    hardware: { memory: { sizeBytes: memoryBytes, maxBytes: null } },
  });
  return newMachineFile(definition, 1, { folder: '/f', file: '/f/v.json' }, 0);
}

const codes = (file: MachineFile, live: MachineFile[], capacity = host): string[] =>
  judgeAdmission(file, live, capacity).reasons.map(({ code }) => code);

test('VM-65 memory that is promised is not free, though nobody has taken it yet', () => {
  assert.deepEqual(codes(machine(6 * giB), []), []);
  assert.deepEqual(codes(machine(6 * giB), [machine(2 * giB)]), ['memory-free']);
  assert.equal(freeForMachines(host, [machine(2 * giB)]), 8 * giB - 512 * miB - 2 * giB - 64 * miB);
});

test('VM-65 memory that others have taken is not free, though nobody was promised it', () => {
  assert.deepEqual(codes(machine(2 * giB), [], { ...host, freeBytes: giB }), ['memory-free']);
});

test('VM-66 a vm larger than the host never starts, whatever is free', () => {
  assert.deepEqual(codes(machine(9 * giB), [], { ...host, freeBytes: 100 * giB }), [
    'memory-total',
  ]);
});

test('a vm with UEFI firmware and little memory is warned of, with the remedy', () => {
  const { firmware } = machine(giB).definition.hardware;
  const warned = (sizeBytes: number, type: 'bios' | 'uefi') => {
    const file = machine(sizeBytes);
    const { definition } = file;
    const hardware = { ...definition.hardware, firmware: { ...firmware, type } };
    return judgeAdmission({ ...file, definition: { ...definition, hardware } }, [], host).warnings;
  };
  const [warning] = warned(128 * miB, 'uefi');
  assert.equal(warning?.code, 'firmware-memory');
  assert.match(warning.remedy ?? '', /256 MiB or more, or choose the firmware bios/);
  assert.deepEqual([warned(256 * miB, 'uefi'), warned(128 * miB, 'bios')], [[], []]);
});

test('VM-67 reserves of processors are granted up to what there is', () => {
  const half = (): MachineFile => machine(giB, { resources: { cpuReservePercent: 100 } });
  assert.deepEqual(codes(half(), [half(), half(), half()]), []);
  assert.deepEqual(codes(half(), [half(), half(), half(), half()]), ['processor-reserve']);
  assert.deepEqual(codes(machine(giB), [half(), half(), half(), half()]), []);
});

test('VM-80 a vm with more virtual processors than its host has is blocked, one with as many is not', () => {
  const wide = (count: number): MachineFile => {
    const file = machine(giB);
    const { definition } = file;
    const { hardware } = definition;
    const processor = { ...hardware.processor, count };
    return { ...file, definition: { ...definition, hardware: { ...hardware, processor } } };
  };
  assert.deepEqual(codes(wide(4), []), []);
  assert.deepEqual(codes(wide(5), []), ['processors']);
  assert.match(judgeAdmission(wide(5), [], host).reasons[0]?.text ?? '', /5 .* the host 4/);
});

test('HW-06 memory goes up to that of the host; a guest with a lower limit of its own is a warning', () => {
  const large = { ...host, totalBytes: 1024 * giB, freeBytes: 1020 * giB };
  const running = (guestOs: string, memoryBytes: number): MachineFile => {
    const file = machine(memoryBytes);
    return { ...file, definition: { ...file.definition, guestOs } };
  };
  const windows = running('windows-server-2003-web', 8 * giB);
  const linux = running('debian', 1000 * giB);
  assert.deepEqual(judgeAdmission(linux, [], large), { ok: true, reasons: [], warnings: [] });
  assert.deepEqual(codes(machine(1025 * giB), [], large), ['memory-total']);
  const { ok, warnings } = judgeAdmission(windows, [], large);
  assert.equal(ok, true);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['guest-memory-limit'],
  );
  assert.match(warnings[0]?.text ?? '', /Windows Server 2003, Web Edition uses at most 2/);
});

test('VM-78 HOST-19 the limit of running vms is named', () => {
  const limited = { ...host, settings: { ...settings, maxRunningVms: 1 } };
  const { reasons } = judgeAdmission(machine(giB), [machine(giB)], limited);
  assert.deepEqual(
    reasons.map(({ code }) => code),
    ['running-limit'],
  );
  assert.match(reasons[0]?.text ?? '', /limit is 1/);
});

test('VM-79 nothing starts on a host that is low on resources or stopped', () => {
  assert.deepEqual(codes(machine(giB), [], { ...host, low: 'disk' }), ['host-low-resources']);
  assert.deepEqual(codes(machine(giB), [], { ...host, serviceRunning: false }), [
    'service-stopped',
  ]);
});

test('every reason has a code, a text and a remedy', () => {
  const worst = {
    ...host,
    low: 'memory',
    serviceRunning: false,
    settings: { ...settings, maxRunningVms: 0 },
  };
  const { ok, reasons } = judgeAdmission(machine(9 * giB), [], worst);
  assert.equal(ok, false);
  assert.equal(reasons.length, 4);
  for (const { code, text, remedy } of reasons) assert.ok(code && text && remedy);
});
