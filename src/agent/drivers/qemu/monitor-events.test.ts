import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profiles } from '#api';
import type { QmpEvent } from '#qemu';
import { makeDefinition } from '../../testing/simulated-host.ts';
import { endingOf, observeEvent } from './monitor-events.ts';

const { hardware } = makeDefinition({
  hardware: {
    ...profiles.modern.hardware,
    disks: [
      {
        bus: 'scsi',
        controller: 0,
        position: 1,
        file: 'd',
        format: 'raw',
        sizeBytes: 0,
        readOnly: false,
        shared: false,
        discard: true,
        cache: 'none',
        serial: '',
      },
    ],
  },
});

const event = (name: string, data: Record<string, unknown> = {}): QmpEvent => ({
  name,
  data,
  atMs: 0,
});
const see = (one: QmpEvent, expected: string[] = []) =>
  observeEvent(one, hardware, { devices: new Set(expected) });

test('QEMU’s reasons for its end become ours', () => {
  const shutdown = (data: Record<string, unknown>) => endingOf(event('SHUTDOWN', data));
  assert.deepEqual(shutdown({ guest: true, reason: 'guest-shutdown' }), { kind: 'guest' });
  assert.deepEqual(shutdown({ guest: false, reason: 'host-signal' }), {
    kind: 'external',
    detail: 'a signal',
  });
  assert.equal(shutdown({ guest: false, reason: 'host-qmp-quit' })?.kind, 'external');
  assert.equal(shutdown({ guest: false, reason: 'host-error' })?.kind, 'crash');
  assert.equal(endingOf(event('STOP')), undefined);
});

test('a disk error names the place of the disk, whatever QEMU calls it', () => {
  const data = { operation: 'write', action: 'stop', reason: 'No space left on device' };
  for (const name of [
    { 'node-name': 'disk-scsi0-1-image' },
    { 'node-name': 'disk-scsi0-1-p2-file' },
    { device: 'disk-scsi0-1' },
    { 'qom-path': '/machine/peripheral/disk-scsi0-1/virtio-backend' },
  ]) {
    assert.deepEqual(see(event('BLOCK_IO_ERROR', { ...data, ...name })), {
      kind: 'disk-error',
      device: 'scsi0:1',
      operation: 'write',
      reason: 'No space left on device',
      paused: true,
    });
  }
});

test('what is our own doing is no observation; what the guest does is', () => {
  const moved = event('DEVICE_TRAY_MOVED', { id: 'cd-sata0-0', 'tray-open': true });
  assert.equal(see(moved, ['cd-sata0-0']), undefined);
  assert.deepEqual(see(moved), { kind: 'tray', drive: 'sata0:0', open: true });
  const gone = event('DEVICE_DELETED', { device: 'net0', path: '/x' });
  assert.equal(see(gone, ['net0']), undefined);
  assert.deepEqual(see(gone), { kind: 'device-removed', device: 'net0' });
  assert.equal(see(event('DEVICE_DELETED', { path: '/machine/unattached/x' })), undefined);
});

test('GA-33 whatever a guest makes QEMU say stays bounded and printable', () => {
  const reason = `\u0000\u001b[31m${'x'.repeat(10_000)}`;
  const seen = see(
    event('BLOCK_IO_ERROR', { 'node-name': reason, operation: reason, reason, action: 1 }),
  );
  assert.ok(JSON.stringify(seen).length < 1500);
  assert.doesNotMatch(JSON.stringify(seen), /\\u00/);
  assert.equal(see(event('RTC_CHANGE', { offset: 'x' })), undefined);
  assert.equal(see(event('SOMETHING_NEW', { a: 1 })), undefined);
});
