import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  vmDefinitionSchema,
  type MachineRecord,
  type MachineReport,
  type VmDefinition,
} from '#api';
import { keepTimes, seenDefinition } from './foreign-record.ts';

const id = '00000000-0000-4000-8000-000000000001';

function definition(name: string, there: string, count = 1): VmDefinition {
  return vmDefinitionSchema.parse({
    id,
    name,
    hardware: {
      profile: 'modern',
      machine: 'q35',
      firmware: { type: 'bios' },
      processor: { count },
      memory: { sizeBytes: 1024 ** 3 },
      scsiController: 'virtio-scsi',
      graphics: { adapter: 'none' },
    },
    extensions: { libvirt: { name: there, uuid: id } },
  });
}

const report: MachineReport = {
  id,
  foreign: true,
  name: 'web',
  generation: 0,
  state: 'running',
  held: false,
  since: '2026-01-02T00:00:00.000Z',
  startedAt: null,
  accelerator: null,
  wasRunning: false,
  path: '',
  pending: [],
  forwards: [],
  lastFault: null,
  undo: null,
  snapshots: [],
};

function seen(there: string, count = 1): MachineRecord {
  return { report, definition: definition(there, there, count), definitionVersion: 0 };
}

test('hardware is what is seen, and what people say of a vm stays', () => {
  const ours = { ...definition('web', 'web'), tags: ['lab'], extensions: { mine: 1 } };
  const known = { ...ours, extensions: { ...ours.extensions, libvirt: { name: 'web', uuid: id } } };
  const after = seenDefinition(known, seen('web', 4));
  assert.equal(after.hardware.processor.count, 4);
  assert.deepEqual(after.tags, ['lab']);
  assert.deepEqual(after.extensions, known.extensions);
  assert.deepEqual(seenDefinition(known, seen('web')), known);
});

test('shares, title and metadata are what is seen, and go where they are not there any more', () => {
  const others = { 'libvirt-title': 'a', 'libvirt-metadata': { 'urn:x': '<x xmlns="urn:x"/>' } };
  const plain = { ...definition('web', 'web'), tags: ['lab'] };
  const resources = { ...plain.resources, cpuWeight: 7 };
  const kept = { ...plain, resources, extensions: { ...plain.extensions, ...others } };
  const record = { ...seen('web'), definition: { ...kept, tags: [] } };
  assert.deepEqual(seenDefinition(plain, record), kept);
  assert.deepEqual(seenDefinition(kept, seen('web')), plain);
});

test('what becomes of a vm whose guest restarts itself is read with its hardware, and follows it from then on', () => {
  const at = (hardware: string, onGuestReboot: 'restart' | 'turn-off'): VmDefinition => {
    const plain = definition('web', 'web');
    const extensions = { libvirt: { name: 'web', uuid: id, hardware } };
    return { ...plain, settings: { ...plain.settings, onGuestReboot }, extensions };
  };
  const record = (...seenNow: Parameters<typeof at>): MachineRecord => ({
    ...seen('web'),
    definition: at(...seenNow),
  });
  const reboot = (ours: VmDefinition, now: MachineRecord): string =>
    seenDefinition(ours, now).settings.onGuestReboot;
  assert.equal(reboot(at('unread', 'restart'), record('read', 'turn-off')), 'turn-off');
  assert.equal(reboot(at('read', 'turn-off'), record('read', 'restart')), 'restart');
  assert.equal(reboot(at('read', 'turn-off'), record('unread', 'restart')), 'turn-off');
});

test('a name follows that of the hypervisor until somebody has given another one', () => {
  assert.equal(seenDefinition(definition('web', 'web'), seen('db')).name, 'db');
  assert.equal(seenDefinition(definition('web (2)', 'web'), seen('db')).name, 'db');
  assert.equal(seenDefinition(definition('web (2)', 'web'), seen('web')).name, 'web (2)');
  assert.equal(seenDefinition(definition('web@h2', 'web'), seen('db')).name, 'db');
  assert.equal(seenDefinition(definition('ours', 'web'), seen('db')).name, 'ours');
});

test('a state that was known keeps its time, a new one has that of the observer', () => {
  const known = {
    ...report,
    since: '2026-01-01T00:00:00.000Z',
    startedAt: '2025-12-31T00:00:00.000Z',
  };
  assert.deepEqual(keepTimes(known, report), known);
  const again = { ...report, startedAt: '2026-01-02T00:00:00.000Z' };
  assert.equal(keepTimes(known, again).startedAt, again.startedAt);
  assert.deepEqual(keepTimes({ ...known, state: 'paused' }, report), report);
  assert.deepEqual(keepTimes(undefined, report), report);
  const { foreign: _, ...agents } = report;
  assert.deepEqual(keepTimes(known, agents), agents);
});
