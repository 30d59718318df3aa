import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readXml, type XmlNode } from './xml.ts';
import { escapeXml, XmlText } from './xml-text.ts';
import { find } from './xml-ways.ts';

const text = `\ufeff<?xml version='1.0'?>
<!-- a < b -->
<domain type="kvm"   xmlns:q='urn:q'>
  <name>web</name>
  <vcpu placement='static' current = "1">2</vcpu>
  <os><boot dev='hd'/><bootmenu enable='no'/></os>
  <devices>
    <disk><source file='/a&amp;b'/></disk>
    <!-- kept -->
    <rng/>
  </devices>
  <q:commandline><q:arg value='x > y'/></q:commandline>
</domain>
`;

function edited(change: (xml: XmlText) => void): string {
  const xml = new XmlText(text);
  change(xml);
  return xml.toString();
}

const at = ({ root }: XmlText, ...names: readonly string[]): XmlNode =>
  find(root, ...names) ?? assert.fail(names.join('/'));

void test('what nobody changes stays as it is written', () => {
  assert.equal(
    edited(() => undefined),
    text,
  );
  assert.equal(
    edited((xml) => {
      xml.setAttribute(at(xml, 'vcpu'), 'current', '1');
      xml.setText(at(xml, 'vcpu'), '2');
      xml.removeAttribute(at(xml, 'vcpu'), 'cpuset');
    }),
    text,
  );
});

void test('one thing is changed, and only that is another', () => {
  const cases: readonly (readonly [string, string, (xml: XmlText) => void])[] = [
    ['current = "1"', 'current = "2"', (xml) => xml.setAttribute(at(xml, 'vcpu'), 'current', '2')],
    [' current = "1"', '', (xml) => xml.removeAttribute(at(xml, 'vcpu'), 'current')],
    ['>2</vcpu>', '>4</vcpu>', (xml) => xml.setText(at(xml, 'vcpu'), '4')],
    ["<boot dev='hd'/>", '', (xml) => xml.remove(at(xml, 'os', 'boot'))],
    ['\n    <rng/>', '', (xml) => xml.remove(at(xml, 'devices', 'rng'))],
    ['<rng/>', '<rng/>\n    <tpm/>', (xml) => xml.append(at(xml, 'devices'), '<tpm/>')],
    ['<rng/>', '<rng>\n      <a/>\n      <b/>\n    </rng>', appendTwo],
    ['<rng/>', '<rng><a/></rng>', (xml) => xml.replaceContent(at(xml, 'devices', 'rng'), '<a/>')],
    [
      '<rng/>',
      "<rng a='&lt;&amp;'/>",
      (xml) => xml.setAttribute(at(xml, 'devices', 'rng'), 'a', '<&'),
    ],
    ['<name>web</name>', '<a:b>web</a:b>', (xml) => xml.rename(at(xml, 'name'), 'a:b')],
    ['<rng/>', '<x/>', (xml) => xml.rename(at(xml, 'devices', 'rng'), 'x')],
    ['<name>', "<name x='1'>", (xml) => xml.setAttribute(at(xml, 'name'), 'x', '1')],
    [
      "<boot dev='hd'/><bootmenu enable='no'/>",
      "<boot dev='hd'/><bootmenu enable='no'/><bios/>",
      (xml) => xml.append(at(xml, 'os'), '<bios/>'),
    ],
    [
      "<disk><source file='/a&amp;b'/></disk>",
      '<x/>',
      (xml) => xml.replace(at(xml, 'devices', 'disk'), '<x/>'),
    ],
  ];
  for (const [before, after, change] of cases)
    assert.equal(edited(change), text.replace(before, after), after);
});

function appendTwo(xml: XmlText): void {
  const rng = at(xml, 'devices', 'rng');
  xml.append(rng, '<a/>');
  xml.append(rng, '<b/>');
}

interface Made {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly text: string;
  readonly children: readonly Made[];
}

const word = fc.string({ unit: fc.constantFrom('a', 'b', '_', 'ä'), minLength: 1, maxLength: 4 });
const words = fc.string({
  unit: fc.constantFrom('x', ' ', '<', '&', '"', "'", '>', '\n', 'é'),
  maxLength: 6,
});
const parts = {
  name: word,
  attributes: fc.uniqueArray(fc.tuple(word, words), { selector: ([name]) => name, maxLength: 3 }),
  text: words,
};
const { tree } = fc.letrec<{ tree: Made }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.record({ ...parts, children: fc.constant([]) }),
    fc.record({ ...parts, children: fc.array(tie('tree'), { maxLength: 3 }) }),
  ),
}));

function write({ name, attributes, text: own, children }: Made): string {
  const said = attributes.map(([key, value]) => `\n ${key} = "${escapeXml(value)}"`).join('');
  const inner = `${escapeXml(own)}<!--${name}-->${children.map(write).join('\n  ')}`;
  return `<${name}${said}>${inner}</${name}>`;
}

const all = (node: XmlNode): readonly XmlNode[] => [node, ...node.children.flatMap(all)];

/** Names, attributes and texts, without places. */
function meaning(node: XmlNode): unknown {
  return [node.name, [...node.attributes], node.text, node.children.map(meaning)];
}

void test('of any XML an unchanged text is the same, and a changed attribute changes nothing else', () => {
  fc.assert(
    fc.property(tree, fc.nat(), words, (made, chosen, value) => {
      const before = write(made);
      const untouched = new XmlText(before);
      assert.equal(untouched.toString(), before);
      const nodes = all(untouched.root);
      const index = chosen % nodes.length;
      const node = nodes[index] ?? assert.fail();
      const [key = 'new'] = node.attributes.keys();
      untouched.setAttribute(node, key, value);
      const changed = all(readXml(untouched.toString()))[index] ?? assert.fail();
      assert.equal(changed.attributes.get(key), value);
      const back = new XmlText(untouched.toString());
      const again = all(back.root)[index] ?? assert.fail();
      const old = node.attributes.get(key);
      if (old === undefined) back.removeAttribute(again, key);
      else back.setAttribute(again, key, old);
      assert.equal(back.toString(), before);
      assert.deepEqual(meaning(readXml(back.toString())), meaning(readXml(before)));
    }),
  );
});
