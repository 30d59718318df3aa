import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConnections } from './commands/user-network.ts';

test('TCP connections of a user-mode network are read, other rows and other text are left out', () => {
  const table = [
    'Hub -1 (adapter-0):\r',
    '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ',
    '  TCP[SYN_SENT]      28       127.0.0.1 34567       10.0.2.15    80     0     0',
    '  TCP[ESTABLISHED]   30       10.0.2.15 41000    192.0.2.7    443     0     0',
    '  TCP[HOST_FORWARD]  12               * 34567       10.0.2.15    80     0     0',
    '  UDP[236 sec]       23       10.0.2.15 50000        10.0.2.3    53     0     0',
    '  TCP[<script>]      1 x 99999999 y',
  ].join('\n');
  assert.deepEqual(parseConnections(table), [
    { state: 'SYN_SENT', port: 34567 },
    { state: 'ESTABLISHED', port: 41000 },
    { state: 'HOST_FORWARD', port: 34567 },
  ]);
});
