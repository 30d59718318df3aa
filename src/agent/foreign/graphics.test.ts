import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { findScreen } from './graphics.ts';

const domain = (graphics: string): string =>
  `<domain type='qemu' id='4'><name>a</name><devices>${graphics}</devices></domain>`;

void test('a screen is where its live definition says, in all the ways that it can', () => {
  const places: readonly (readonly [graphics: string, place: unknown])[] = [
    [
      `<graphics type='vnc' port='5901' autoport='yes' listen='0.0.0.0'><listen type='address' address='0.0.0.0'/></graphics>`,
      { host: '0.0.0.0', port: 5901 },
    ],
    [
      `<graphics type='vnc' port='5900'><listen type='network' address='10.0.0.1' network='lan'/></graphics>`,
      { host: '10.0.0.1', port: 5900 },
    ],
    [`<graphics type='vnc' port='5900'/>`, { host: '127.0.0.1', port: 5900 }],
    [`<graphics type='vnc' socket='/a/b'/>`, { path: '/a/b' }],
    [`<graphics type='vnc'><listen type='socket' socket='/c'/></graphics>`, { path: '/c' }],
    [
      `<graphics type='spice' port='5900'><listen address='::'/></graphics><graphics type='vnc' port='5902'/>`,
      { host: '127.0.0.1', port: 5902 },
    ],
  ];
  for (const [graphics, place] of places)
    assert.deepEqual(findScreen(domain(graphics)), { place, password: null });
  const locked = domain(`<graphics type='vnc' port='5900' passwd='s&lt;cret'/>`);
  assert.equal(findScreen(locked).password, 's<cret');
});

void test('what is no screen that can be shown is refused with the reason', () => {
  const refusals: readonly (readonly [graphics: string, reason: RegExp])[] = [
    ['', /no screen/],
    [`<graphics type='spice' port='5900'/>`, /speaks spice/],
    [`<graphics type='vnc' port='-1' autoport='yes'/>`, /listens nowhere/],
    [`<graphics type='vnc'><listen type='none'/></graphics>`, /listens nowhere/],
    [`<graphics type='vnc' port='5900' listen='-x y'/>`, /listens nowhere/],
  ];
  for (const [graphics, reason] of refusals)
    assert.throws(
      () => findScreen(domain(graphics)),
      (error) => isFault(error, 'unsupported') && reason.test(error.message),
      graphics,
    );
});
