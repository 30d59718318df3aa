/** Rules as a whole: as they are written, and as nft lists them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outlineOf } from './rule-outline.ts';

const written = `table bridge gantry-30000000
flush table bridge gantry-30000000
table bridge gantry-30000000 {
  set seen { type ifname . ether_addr; size 9; flags dynamic,timeout; timeout 120s; }
  chain prerouting {
    type filter hook prerouting priority -300; policy accept;
    iifname { "gtap0", "gtap1" } udp sport 67 drop
  }
  chain forward {
    type filter hook forward priority 0; policy accept;
  }
}
`;
const listed = `table bridge gantry-30000000 {
\tset seen {
\t\ttype ifname . ether_addr
\t\tsize 9
\t}

\tchain forward {
\t\ttype filter hook forward priority filter; policy accept;
\t}

\tchain prerouting {
\t\ttype filter hook prerouting priority dstnat; policy accept;
\t\tiifname { "gtap0",
\t\t\t    "gtap1" } udp sport 67 drop
\t}
}
`;

void test('rules have the same outline as they are written and as they are listed', () => {
  assert.equal(outlineOf(written), 'forward 1, prerouting 2');
  assert.equal(outlineOf(listed), outlineOf(written));
});

void test('a rule, a chain or a table that is missing is another outline', () => {
  const drop = /\t\tiifname [^}]*\} udp sport 67 drop\n/;
  for (const harmed of [
    listed.replace(drop, ''),
    listed.replace(/\tchain forward [^}]*\}\n/, ''),
    '',
  ])
    assert.notEqual(outlineOf(harmed), outlineOf(written));
});
