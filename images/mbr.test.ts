import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeMbr } from './mbr.ts';

test('a sector has boot code, signature, entries and the mark where a PC looks for them', () => {
  const sector = writeMbr(Buffer.alloc(512, 0x90), Buffer.from('gntr'), [
    { type: 0xef, startSector: 2048, sectorCount: 100, active: true },
    { type: 0x83, startSector: 4096, sectorCount: 0xfffff000 },
  ]);
  assert.equal(sector.length, 512);
  assert.ok(sector.subarray(0, 440).every((byte) => byte === 0x90));
  assert.equal(sector.toString('latin1', 440, 444), 'gntr');
  assert.deepEqual([...sector.subarray(446, 451)], [0x80, 254, 255, 255, 0xef]);
  assert.equal(sector.readUInt32LE(454), 2048);
  assert.equal(sector.readUInt32LE(458), 100);
  assert.equal(sector[462], 0);
  assert.equal(sector[466], 0x83);
  assert.equal(sector.readUInt32LE(474), 0xfffff000);
  assert.deepEqual([...sector.subarray(510)], [0x55, 0xaa]);
});
