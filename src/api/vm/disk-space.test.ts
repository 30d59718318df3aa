import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vmDefinitionSchema, type VmDefinition } from './definition.ts';
import { diskSpaceLimitBytes, findExceededDiskSpace } from './disk-space.ts';
import { profiles } from './profiles.ts';

const mebibyte = 1024 * 1024;

function define(sizes: readonly number[], diskSpace: object): VmDefinition {
  const disks = sizes.map((sizeBytes, position) => ({
    bus: 'virtio',
    controller: 0,
    position,
    file: `${position}.qcow2`,
    format: 'qcow2',
    sizeBytes,
  }));
  return vmDefinitionSchema.parse({
    id: '10000000-0000-4000-8000-000000000001',
    name: 'web',
    hardware: { ...profiles.modern.hardware, disks },
    settings: { diskSpace },
  });
}

test('a vm has no limit unless one is set, and of two the lower one counts', () => {
  const sizes = [100 * mebibyte, 300 * mebibyte];
  const limit = (diskSpace: object): number | null => diskSpaceLimitBytes(define(sizes, diskSpace));
  assert.equal(limit({}), null);
  assert.equal(limit({ warnBytes: mebibyte }), mebibyte);
  assert.equal(limit({ warnPercent: 150 }), 600 * mebibyte);
  assert.equal(limit({ warnPercent: 50, warnBytes: 300 * mebibyte }), 200 * mebibyte);
  assert.equal(limit({ warnPercent: 50, warnBytes: mebibyte }), mebibyte);
  assert.equal(diskSpaceLimitBytes(define([], { warnPercent: 50 })), null);
});

test('above the limit is above it, not at it, and nothing is said of what is not measured', () => {
  const vm = define([], { warnBytes: mebibyte });
  assert.equal(findExceededDiskSpace(vm, mebibyte), undefined);
  assert.equal(findExceededDiskSpace(vm, null), undefined);
  const usedBytes = mebibyte + 1;
  assert.deepEqual(findExceededDiskSpace(vm, usedBytes), { limitBytes: mebibyte, usedBytes });
});
