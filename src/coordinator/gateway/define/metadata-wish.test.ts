import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readXml } from '#foreign';
import { isFault, type FaultCode } from '#lib';
import { metadataOf } from '../../domain-xml/metadata.ts';
import {
  maxMetadataLength,
  maxNamespaces,
  metadataWanted,
  requireBounds,
  shownMetadata,
  writtenMetadata,
} from './metadata-wish.ts';

const uri = 'urn:app';
const is =
  (code: FaultCode) =>
  (error: unknown): boolean =>
    isFault(error, code);

/** What is kept is shown by every way that reads it. */
function kept(elements: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  const shown = metadataOf({ extensions: { 'libvirt-metadata': Object.fromEntries(elements) } });
  assert.deepEqual(shown, elements);
  return [...elements];
}

function defined(inner: string, around = ''): ReadonlyMap<string, string> {
  const text = `\ufeff<domain ${around}><metadata>${inner}</metadata></domain>`;
  return metadataWanted(text, readXml(text));
}

test('what a client sets is of the namespace that it names, and is read without its prefix', () => {
  const cases: readonly (readonly [said: string, written: string, shown: string])[] = [
    ['<x>7</x>', "<a:x xmlns:a='urn:app'>7</a:x>", '<x>7</x>'],
    ["<x b='1'/>", "<a:x xmlns:a='urn:app' b='1'/>", "<x b='1'/>"],
    [
      ' <?xml version="1.0"?><x><y/><!-- a < b --><z>&lt;</z ></x> ',
      "<a:x xmlns:a='urn:app'><a:y/><!-- a < b --><a:z>&lt;</a:z ></a:x>",
      '<x><y/><!-- a < b --><z>&lt;</z ></x>',
    ],
    [
      "<x><y xmlns='urn:other'><z/></y></x>",
      "<a:x xmlns:a='urn:app'><y xmlns='urn:other'><z/></y></a:x>",
      "<x><y xmlns='urn:other'><z/></y></x>",
    ],
    ["<x xmlns='urn:app'><y/></x>", "<x xmlns='urn:app'><y/></x>", '<x><y/></x>'],
  ];
  for (const [said, written, shown] of cases) {
    assert.equal(writtenMetadata(said, 'a', uri), written);
    assert.deepEqual(kept(new Map([[uri, written]])), [[uri, written]]);
    assert.equal(shownMetadata(written, uri), shown);
  }
});

test('what is not well-formed, of another namespace or under a wrong prefix is refused', () => {
  const refused = (text: string, code: FaultCode, key = 'a', of = uri): void => {
    assert.throws(() => writtenMetadata(text, key, of), is(code), text);
  };
  for (const text of ['', '<x', '<x/><y/>', '<!DOCTYPE x><x/>', '<q:x/>', '<x q:a="1"/>'])
    refused(text, 'invalid');
  refused("<x xmlns='urn:other'/>", 'invalid');
  refused("<x xmlns:a='urn:other'/>", 'invalid');
  for (const key of ['', '1', 'a:b', 'a b', 'xmlns', "a='"]) refused('<x/>', 'invalid', key);
  refused('<x/>', 'invalid', 'a', '');
  refused('<x/>', 'invalid', 'a', 'urn:gantry:libvirt:vm:1');
  refused(`<x>${'y'.repeat(maxMetadataLength)}</x>`, 'too-large');
});

test('of a definition the first element of each namespace is kept, with what is declared around it', () => {
  const app = "<a:x xmlns:a='urn:app'>1</a:x>";
  assert.deepEqual(kept(defined(`${app}<bare/><b:y xmlns:b='urn:app'/>`)), [[uri, app]]);
  assert.deepEqual(
    kept(defined('<a:x><b:y b:z="1"/></a:x>', "xmlns:a='urn:app' xmlns:b='u&amp;v'")),
    [[uri, `<a:x xmlns:a='urn:app' xmlns:b='u&amp;v'><b:y b:z="1"/></a:x>`]],
  );
  assert.deepEqual(kept(defined('<x/>', "xmlns='urn:app'")), [[uri, "<x xmlns='urn:app'/>"]]);
  assert.deepEqual(kept(defined("<g:vm xmlns:g='urn:gantry:libvirt:vm:1'/>")), []);
  assert.throws(() => defined("<a:x xmlns:a='urn:app'><b:y/></a:x>"), is('invalid'));
});

test('a vm keeps so much and no more', () => {
  const many = (count: number): ReadonlyMap<string, string> =>
    new Map(Array.from({ length: count }, (_, index) => [`urn:${index}`, '<x/>']));
  requireBounds(many(maxNamespaces));
  assert.throws(() => requireBounds(many(maxNamespaces + 1)), is('too-large'));
  const long = '<x/>'.padEnd(maxMetadataLength / 2, ' ');
  requireBounds(
    new Map([
      ['a', long],
      ['b', long],
    ]),
  );
  assert.throws(
    () =>
      requireBounds(
        new Map([
          ['a', long],
          ['b', `${long} `],
        ]),
      ),
    is('too-large'),
  );
});

test('what has come into a definition by other ways and is no element of its namespace is not shown', () => {
  for (const text of [
    '<x/>',
    "</metadata><x xmlns='urn:app'/>",
    "<x xmlns='urn:app'/><y/>",
    "<x xmlns='urn:other'/>",
    "<x xmlns='urn:app'><q:y/></x>",
    7,
  ])
    assert.equal(metadataOf({ extensions: { 'libvirt-metadata': { [uri]: text } } }).size, 0);
  assert.equal(metadataOf({ extensions: { 'libvirt-metadata': [] } }).size, 0);
});
