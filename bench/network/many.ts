/**
 * What many networks cost the coordinator: its memory, a page of the list, a network made and changed, by how many there
 * are. No vm is on any; a host is connected, which hears of none of them.
 *
 *   node --expose-gc bench/network/many.ts [NETWORKS...]
 */
import { randomUUID } from 'node:crypto';
import { formatBytes } from '#lib';
import { networkSpecSchema } from '#api';
import { networkDocumentSchema } from '../../src/coordinator/documents.ts';
import type { Write } from '../../src/coordinator/store/store.ts';
import { Stage } from '../../src/coordinator/testing/stage.ts';
import { describeMachine, note, percentile, print, writeTable } from '../measure.ts';

const atOnce = 2_000;
const runs = 20;

const counts = process.argv.slice(2).map(Number);
const rows: string[][] = [];
for (const count of counts.length === 0 ? [100, 20_000] : counts) rows.push(await measure(count));
print(describeMachine());
const head = ['networks', 'heap more', 'page of 100', 'page, filtered', 'one made', 'one changed'];
print(writeTable([head, ...rows]));

async function measure(count: number): Promise<string[]> {
  note(`${count} networks`);
  await using stage = await Stage.open();
  await stage.addHost('one');
  const before = heapBytes();
  for (let at = 0; at < count; at += atOnce) {
    const some = Math.min(atOnce, count - at);
    const writes = Array.from({ length: some }, (_, index) => networkWrite(at + index));
    await stage.coordinator.commit({ writes });
  }
  const more = heapBytes() - before;
  const internal = (run: number) => ({ name: `made-${run}`, type: 'internal' });
  const list = '/networks?limit=100&sort=name';
  return [
    String(count),
    formatBytes(more),
    await timed(() => stage.send('GET', list)),
    await timed(() => stage.send('GET', `${list}&filter=${encodeURIComponent('name : net-77')}`)),
    await timed((run) => stage.send('POST', '/networks', { body: internal(run) })),
    await timed((run) =>
      stage.send('PATCH', `/networks/net-${run}`, { body: { description: `run ${run}` } }),
    ),
  ];
}

function networkWrite(number: number): Write {
  const id = randomUUID();
  const named = { id, name: `net-${number}`, type: 'internal', ipv4: null };
  const { id: _, ...data } = networkSpecSchema.parse(named);
  return { kind: 'network', id, data: networkDocumentSchema.parse(data) };
}

/** Without what nothing holds any more. */
function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function timed(
  call: (run: number) => Promise<{ readonly status: number; readonly text: string }>,
): Promise<string> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const begin = performance.now();
    const { status, text } = await call(run);
    if (status !== 200) throw new Error(text);
    times.push(performance.now() - begin);
  }
  return `${percentile(times, 0.5).toFixed(1)} ms`;
}
