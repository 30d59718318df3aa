import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from '#api';
import { findInstallation } from '../installation.ts';
import { ensureAgent } from './programs.ts';

const own = 'aaaaaaaa-1111-4222-8333-123456789abc';
const other = 'bbbbbbbb-1111-4222-8333-123456789abc';

test('up waits for the host of this machine, also where another one is ready before', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'gantry-cli-'));
  t.after(() => rmSync(data, { recursive: true }));
  const found = findInstallation({ data }, { environment: {}, uid: 0, home: '/root' });
  const installation = { ...found, runtime: data };
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const runs = JSON.stringify({ pid: process.pid, startTicks, bootId });
  writeFileSync(join(data, 'agent.process.json'), runs);
  mkdirSync(join(data, 'agent'));
  writeFileSync(join(data, 'agent/host.json'), JSON.stringify({ hostId: own }, null, 2));
  let looks = 0;
  const client = new Client({
    server: 'http://127.0.0.1:1',
    fetch: async () => {
      looks += 1;
      const items = (looks < 3 ? [other] : [other, own]).map((id) => ({ kind: 'host', id }));
      return Response.json({ items, total: items.length, nextCursor: null });
    },
  });
  const settings = { listen: '127.0.0.1:1', simulate: null };
  const signal = AbortSignal.timeout(10_000);
  const { hosts, started } = await ensureAgent(installation, settings, client, signal);
  assert.deepEqual([hosts.map(({ id }) => id), started, looks], [[own], false, 3]);
});
