import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readXml } from './xml.ts';
import { attributeOf, find, findAll, memoryBytesOf, textOf, wholeNumber } from './xml-ways.ts';

const root = readXml("<a><b c='1'> x </b><b/><d><e f='2'/></d></a>");

void test('elements are found by their way, and what is not there is undefined', () => {
  assert.equal(attributeOf(find(root, 'd', 'e'), 'f'), '2');
  assert.equal(find(root, 'd', 'x', 'e'), undefined);
  assert.equal(attributeOf(find(root, 'x'), 'f'), undefined);
  assert.deepEqual(
    findAll(root, 'b').map((node) => [attributeOf(node, 'c'), textOf(node)]),
    [
      ['1', 'x'],
      [undefined, undefined],
    ],
  );
});

void test('a number is whole, from 0 and exact, or none', () => {
  assert.deepEqual(['0', '999999999999999'].map(wholeNumber), [0, 999_999_999_999_999]);
  for (const text of ['', '-1', '1.5', '1e3', ' 1', '0x1', '1000000000000000'])
    assert.equal(wholeNumber(text), undefined, text);
});

void test("sizes of memory have libvirt's units in any case, KiB where none is said, and are exact or none", () => {
  const sizes: readonly (readonly [string, number | undefined])[] = [
    ['<memory>2</memory>', 2048],
    ["<memory unit='bytes'>2</memory>", 2],
    ["<memory unit='KB'>2</memory>", 2000],
    ["<memory unit='mib'>2</memory>", 2 * 1024 ** 2],
    ["<memory unit='G'>2</memory>", 2 * 1024 ** 3],
    ["<memory unit='TB'>2</memory>", 2e12],
    ["<memory unit='PiB'>2</memory>", 2 * 1024 ** 5],
    ["<memory unit='EiB'>2</memory>", undefined],
    ["<memory unit='x'>2</memory>", undefined],
    ['<memory/>', undefined],
  ];
  for (const [xml, bytes] of sizes) assert.equal(memoryBytesOf(readXml(xml)), bytes, xml);
  assert.equal(memoryBytesOf(undefined), undefined);
});
