import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findGuest, guestCatalogue } from './guests.ts';

const named = [
  ['windows-server-2003-standard', /Windows Server 2003.*Standard/],
  ['windows-server-2003-enterprise', /Windows Server 2003.*Enterprise/],
  ['windows-server-2003-web', /Windows Server 2003.*Web/],
  ['windows-sbs-2003', /Small Business Server 2003/],
  ['windows-2000-server', /Windows 2000 Server/],
  ['windows-2000-advanced-server', /Windows 2000 Advanced Server/],
  ['windows-nt-4-sp6a', /NT Server 4\.0 SP6a/],
  ['linux', /Linux/],
  ['freebsd', /BSD/],
  ['netware', /NetWare/],
  ['os2', /OS\/2/],
  ['solaris-10', /Solaris/],
  ['debian', /Debian/],
  ['windows-server-2025', /Windows Server 2025/],
  ['windows-11', /Windows 11/],
] as const;

test('VM-21 the catalogue has the guests of 2005 and those of today, each once', () => {
  for (const [id, name] of named) assert.match(findGuest(id)?.name ?? '', name, id);
  assert.equal(new Set(guestCatalogue.map(({ id }) => id)).size, guestCatalogue.length);
});
