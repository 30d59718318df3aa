import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, isFault } from '#lib';
import {
  encodePath,
  faultOf,
  parseFacts,
  parseFolder,
  parseFrame,
  parseRanges,
} from './protocol.ts';

test('a path is one word of harmless characters, whatever its bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.match(encodePath(Buffer.from(bytes)), /^(?:[A-Za-z0-9_./-]|\\0[0-7]{3})*$/);
    }),
  );
  assert.equal(encodePath(Buffer.from('/a b%')), '/a\\0040b\\0045');
});

test('an answer is data of a bounded length, or an end', () => {
  assert.deepEqual(parseFrame('d 1048576'), { kind: 'data', lengthBytes: 1048576 });
  assert.deepEqual(parseFrame('e absent '), { kind: 'end', word: 'absent', text: '' });
  for (const line of ['d 1048577', 'd 0', 'd -1', 'd 1e3', 'e', 'e  ', 'x', ''])
    assert.throws(
      () => parseFrame(line),
      (error) => isFault(error, 'corrupt'),
    );
});

test('an end that the protocol does not know is a fault all the same', () => {
  const fault = faultOf({ kind: 'end', word: 'constructor', text: 'x' }, 'cannot read');
  assert.equal(fault.code, 'internal');
});

test('a folder is names, facts and the targets of links', () => {
  const facts = ['81a4 6 1700000000 0 0', 'a1ff 3 -5 1000 1000', '41ed 4096 1 0 0'];
  const answer = `./b\0./a\0./c\0\0${facts.join('\n')}\n\n/x\0`;
  const entries = parseFolder(Buffer.from(answer));
  assert.deepEqual(
    entries.map(({ name, kind, sizeBytes, target }) => [name, kind, sizeBytes, target]),
    [
      ['a', 'link', 3, '/x'],
      ['b', 'file', 6, undefined],
      ['c', 'folder', 4096, undefined],
    ],
  );
  assert.deepEqual(parseFolder(Buffer.from('\0\n')), []);
});

test('no answer makes anything but a fault or what it should be', () => {
  const parsers = [
    parseFolder,
    parseRanges,
    (bytes: Buffer) => parseFacts(bytes.toString('latin1')),
  ];
  const pieces = fc.constantFrom(
    '\0',
    '\n',
    './a',
    '81a4 6 1 0 0',
    'vda1 0 8',
    ' ',
    '\n\n',
    '9'.repeat(30),
  );
  fc.assert(
    fc.property(fc.array(pieces), (parts) => {
      for (const parse of parsers) {
        try {
          parse(Buffer.from(parts.join('')));
        } catch (error) {
          assert.ok(error instanceof Fault);
        }
      }
    }),
  );
});
