import assert from 'node:assert/strict';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { writeGpt } from './gpt.ts';
import { runTool } from './run.ts';

const sectors = 20_480;
const table = writeGpt(sectors, '6764656e-7472-4879-8a01-000000000002', Buffer.alloc(512), [
  {
    type: 'efi',
    id: '6764656e-7472-4879-8a01-000000000003',
    name: 'efi',
    startSector: 2048,
    sectorCount: 8192,
  },
]);

test('both headers are right and describe the same entries', () => {
  const entries = table.start.subarray(1024);
  assert.ok(table.end.subarray(0, entries.length).equals(entries));
  for (const header of [table.start.subarray(512, 1024), table.end.subarray(-512)]) {
    assert.equal(header.toString('latin1', 0, 8), 'EFI PART');
    const summed = Buffer.from(header.subarray(0, 92));
    summed.writeUInt32LE(0, 16);
    assert.equal(header.readUInt32LE(16), crc32(summed));
    assert.equal(header.readUInt32LE(88), crc32(entries));
  }
  assert.equal(table.start.readBigUInt64LE(512 + 32), BigInt(sectors - 1));
  assert.equal(table.endSector + table.end.length / 512, sectors);
  assert.equal(table.start[450], 0xee);
});

test('sfdisk reads the table as it was written', async (context) => {
  const hasSfdisk = await access('/usr/sbin/sfdisk').then(
    () => true,
    () => false,
  );
  if (!hasSfdisk) {
    context.skip('sfdisk (package fdisk) is not on this machine');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'ggpt-'));
  try {
    const path = join(folder, 'disk');
    const disk = Buffer.alloc(sectors * 512);
    table.start.copy(disk, 0);
    table.end.copy(disk, table.endSector * 512);
    await writeFile(path, disk);
    const read = JSON.parse((await runTool(['sfdisk', '--json', path])).toString('utf8')) as {
      readonly partitiontable: {
        readonly id: string;
        readonly partitions: readonly Record<string, unknown>[];
      };
    };
    assert.equal(read.partitiontable.id, '6764656E-7472-4879-8A01-000000000002');
    const { start, size, type, name } = read.partitiontable.partitions[0] ?? {};
    const efi = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
    assert.deepEqual(
      { start, size, type, name },
      { start: 2048, size: 8192, type: efi, name: 'efi' },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a partition beyond the end is a bug', () => {
  assert.throws(
    () =>
      writeGpt(sectors, '6764656e-7472-4879-8a01-000000000002', Buffer.alloc(512), [
        {
          type: 'linux-root',
          id: '6764656e-7472-4879-8a01-000000000003',
          name: 'root',
          startSector: 2048,
          sectorCount: sectors - 2048,
        },
      ]),
    /lies on the disk/,
  );
});
