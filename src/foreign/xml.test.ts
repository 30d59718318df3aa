import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, isFault } from '#lib';
import { readLeaves } from './xml.ts';

const leaves = (text: string): Record<string, string> => Object.fromEntries(readLeaves(text));

test('leaves have paths with ids, and texts without the space around them', () => {
  const text = `\ufeff<?xml version="1.0"?>
<!-- <not> an element -->
<a x='1'><b id="0" type = "string"> one </b><b id='1'><c/><d>two<!-- - --> three</d></b>
<e><![CDATA[<raw> & ]]]]><![CDATA[>]]></e></a>
<?after all?>`;
  assert.deepEqual(leaves(text), {
    'a/b[0]': 'one',
    'a/b[1]/c': '',
    'a/b[1]/d': 'two three',
    'a/e': '<raw> & ]]>',
  });
});

test('references are the five of XML and numbers of characters', () => {
  assert.deepEqual(leaves('<a b="&quot;">&lt;&gt;&amp;&apos;&quot;&#65;&#x1F600;</a>'), {
    a: `<>&'"A\u{1f600}`,
  });
  for (const bad of ['&nbsp;', '&', '&lt', '&#0;', '&#xD800;', '&#99999999;', '&toString;'])
    assert.throws(
      () => leaves(`<a>${bad}</a>`),
      (error) => isFault(error, 'invalid'),
      bad,
    );
});

test('what is not well-formed is refused with its line', () => {
  for (const bad of [
    '',
    'text',
    '<a>',
    '<a></b>',
    '<a></a></a>',
    '<a/><b/>',
    '<a/>text',
    '<a b></a>',
    '<a b=1></a>',
    '<a b="1" b="2"/>',
    '<a b="<"/>',
    '<1a/>',
    '< a/>',
    '<a',
    '<!-- never ended',
    '<a><![CDATA[never ended</a>',
    '<!DOCTYPE a><a/>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  ])
    assert.throws(
      () => readLeaves(bad),
      (error) => isFault(error, 'invalid') && /line \d+ of the XML/.test(error.message),
      bad,
    );
  assert.throws(() => readLeaves('<a>\n\n<b>\n</a>'), /line 4 /);
});

test('depth, count and lengths have bounds, and long input takes no longer than its length', () => {
  const tooLarge = (text: string): void =>
    assert.throws(
      () => readLeaves(text),
      (error) => isFault(error, 'too-large'),
    );
  tooLarge('<a>'.repeat(65));
  tooLarge(`<a>${'<b/>'.repeat(50_001)}</a>`);
  tooLarge(`<a>${'x'.repeat(64 * 1024 + 1)}</a>`);
  tooLarge(`<a ${Array.from({ length: 101 }, (_, at) => `b${at}="1"`).join(' ')}/>`);
  for (const hostile of ['<a ', '<a b="', '<!--', '&', '<a b=" ', '</'])
    assert.throws(() => readLeaves(`<a>${hostile.repeat(100_000)}`), Fault);
});

test('every text comes back as it was written', () => {
  const escaped = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const words = fc
    .string({ unit: 'grapheme', maxLength: 50 })
    .map((text) => text.replaceAll(/[\p{Cc}\ufffe\uffff]/gu, '').trim());
  fc.assert(
    fc.property(words, words, (one, other) => {
      const id = escaped(one).replaceAll('"', '&quot;');
      assert.deepEqual(leaves(`<a id="${id}">${escaped(other)}</a>`), {
        [`a[${one.slice(0, 64)}]`]: other,
      });
    }),
  );
});
