/** Which functions a guest has, and why not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  additionsFunctions,
  guestCatalogue,
  profiles,
  vmDefinitionSchema,
  vmStatusSchema,
  type VmDefinition,
} from '#api';
import { functionsOf } from './functions.ts';

const everyCommand = new Set([
  'guest-ping',
  'guest-set-time',
  'guest-shutdown',
  'guest-get-osinfo',
]);

function define(guestOs: string, hardware: object = {}): VmDefinition {
  return vmDefinitionSchema.parse({
    id: crypto.randomUUID(),
    name: 'guest-1',
    guestOs,
    hardware: { ...profiles.modern.hardware, ...hardware },
  });
}

const facts = (definition: VmDefinition) =>
  ({ definition, commands: everyCommand, folderSharing: 'offered' }) as const;

test('GA-03 each function is seen by itself, for every guest of the catalogue', () => {
  const names = Object.keys(additionsFunctions).toSorted();
  for (const { id } of guestCatalogue) {
    const functions = functionsOf(facts(define(id)));
    assert.deepEqual(Object.keys(functions).toSorted(), names, id);
    vmStatusSchema.shape.additions.shape.functions.parse(functions);
  }
});

test('GA-04 a Linux guest has all functions; one that lacks a driver says so', () => {
  assert.ok(Object.values(functionsOf(facts(define('debian')))).every((one) => one === true));
  const windows = functionsOf(facts(define('windows-11')));
  assert.equal(windows.pointer, true);
  assert.equal(windows.sharedFolders, 'there is no driver for virtio 9P in Windows 11');
  const old = functionsOf(facts(define('windows-nt-4-sp6a')));
  assert.match(String(old.hotplug), /Windows NT Server 4.0 SP6a has no plug and play/);
  assert.match(String(old.pointer), /has no USB driver/);
});

test('GA-03 what a function needs of vm, agent and host is its reason', () => {
  const definition = define('debian', {
    tablet: false,
    graphics: { adapter: 'cirrus', videoMemoryBytes: 4 * 1024 * 1024 },
  });
  const functions = functionsOf({
    definition,
    commands: new Set(['guest-ping']),
    folderSharing: 'none',
  });
  assert.equal(functions.heartbeat, true);
  assert.equal(functions.time, 'the guest agent does not know guest-set-time');
  assert.equal(functions.pointer, 'the vm has no USB tablet');
  assert.equal(functions.display, 'the graphics adapter is cirrus, not virtio');
  assert.equal(functions.sharedFolders, 'QEMU on this host was built without virtio 9P');
  const silent = functionsOf({ ...facts(define('debian')), commands: undefined });
  assert.match(String(silent.shutdown), /no guest agent has answered/);
  assert.equal(silent.pointer, true);
});
