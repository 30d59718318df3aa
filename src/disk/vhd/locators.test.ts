import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryFile } from '../file/memory-file.ts';
import { Structure } from '../structure.ts';
import { buildLocators, readLocators } from './locators.ts';

function headerWith(slots: readonly (readonly [string, Buffer])[], file: MemoryFile): Structure {
  const header = Buffer.alloc(1024);
  for (const [slot, [platform, data]] of slots.entries()) {
    const at = 576 + slot * 24;
    header.write(platform, at, 'latin1');
    header.writeUInt32BE(1, at + 4); // some writers count the space in sectors
    header.writeUInt32BE(data.length, at + 8);
    header.writeBigUInt64BE(BigInt(4096 + slot * 512), at + 16);
    void file.write(data, 4096 + slot * 512);
  }
  return new Structure(file, { format: 'vhd', structure: 'dynamic header', offset: 512 }, header);
}

void test('every kind of parent locator gives its name, relative Windows paths first', async () => {
  const file = new MemoryFile('child.vhd', Buffer.alloc(65536));
  const alias = Buffer.alloc(150);
  alias[50] = 8;
  alias.write('base.vhd', 51, 'latin1');
  const header = headerWith(
    [
      ['Mac ', alias],
      ['Wi2k', Buffer.from('C:\\old\\base.vhd\0', 'latin1')],
      ['Wi2r', Buffer.from('old\\base.vhd', 'latin1')],
      ['W2ku', Buffer.from('C:\\vms\\base.vhd', 'utf16le')],
      ['W2ru', Buffer.from('.\\base.vhd\0', 'utf16le')],
      ['MacX', Buffer.from('file:///Users/x/base.vhd', 'utf8')],
    ],
    file,
  );
  assert.deepEqual(
    (await readLocators(file, header)).map(({ platform, name }) => [platform, name]),
    [
      ['W2ru', '.\\base.vhd'],
      ['MacX', 'file:///Users/x/base.vhd'],
      ['W2ku', 'C:\\vms\\base.vhd'],
      ['Wi2r', 'old\\base.vhd'],
      ['Wi2k', 'C:\\old\\base.vhd'],
      ['Mac ', 'base.vhd'],
    ],
  );
});

void test('a locator that is too long or outside the file is corrupt', async () => {
  const file = new MemoryFile('child.vhd', Buffer.alloc(8192));
  const long = headerWith([['W2ru', Buffer.alloc(5000)]], file);
  await assert.rejects(readLocators(file, long), { code: 'corrupt' });
  const outside = headerWith([['W2ru', Buffer.alloc(4)]], file);
  outside.bytes.writeBigUInt64BE(1_000_000n, 576 + 16);
  await assert.rejects(readLocators(file, outside), { code: 'corrupt' });
});

void test('what is written names the parent for Windows and for POSIX', async () => {
  const built = buildLocators(
    {
      path: '/vms/a b/base.vhd',
      relativePath: '../a b/base.vhd',
      format: 'vhd',
      identity: undefined,
      modifiedMs: 0,
    },
    4096,
  );
  const file = new MemoryFile('child.vhd', Buffer.alloc(4096));
  await file.write(built.data, 4096);
  const header = Buffer.alloc(1024);
  built.table.copy(header, 576);
  const place = { format: 'vhd', structure: 'dynamic header', offset: 512 };
  const names = await readLocators(file, new Structure(file, place, header));
  assert.deepEqual(
    names.map(({ name }) => name),
    ['..\\a b\\base.vhd', 'file:///vms/a%20b/base.vhd'],
  );
});
