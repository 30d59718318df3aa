/** Reading of vms that are asked for while others are being read, from a hypervisor made of bytes that is slow to answer. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLog } from '#log';
import { connectLibvirt, LibvirtServer } from '#libvirt';
import { DetailReader } from './detail-reader.ts';
import { readDomain } from './domain.ts';

const uuid = '00000000-0000-4000-8000-000000000001';
const domain = readDomain({ name: 'web', uuid, id: -1 }, [], {
  isSaved: false,
  startsWithHost: false,
});

/** A reader that has noted one vm; each text waits until it is told how much memory the vm has. */
async function hold(stack: AsyncDisposableStack) {
  const folder = await mkdtemp(join(tmpdir(), 'dr-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const asked: ((memoryKib: number) => void)[] = [];
  const first = Promise.withResolvers<void>();
  const server = stack.use(
    new LibvirtServer({
      open: () => ({
        handlers: {
          DOMAIN_LIST_ALL_SNAPSHOTS: () => ({ snapshots: [], ret: 0 }),
          DOMAIN_GET_XML_DESC: async ({ dom }) => {
            const told = Promise.withResolvers<number>();
            asked.push(told.resolve);
            first.resolve();
            const memory = await told.promise;
            return {
              xml: `<domain type='kvm'><name>${dom.name}</name><uuid>${dom.uuid}</uuid><memory>${memory}</memory><os><type>hvm</type></os><devices/></domain>`,
            };
          },
        },
      }),
    }),
  );
  const path = join(folder, 's');
  await server.listenUnix({ path, access: 'write' });
  const client = await connectLibvirt(`fleet+unix:///all?socket=${path}`);
  stack.defer(() => client.end());
  const options = { client, log: silentLog, architecture: () => 'x86_64' };
  const reader = new DetailReader({ ...options, vmId: () => uuid });
  reader.note([domain]);
  return { reader, asked, first: first.promise };
}

const signal = AbortSignal.timeout(20_000);
const memoryOf = (reader: DetailReader): number | undefined =>
  reader.take().get(uuid)?.hardware.memory.sizeBytes;

void test('a vm that another call is reading has been read when a later one ends', async () => {
  await using stack = new AsyncDisposableStack();
  const { reader, asked, first } = await hold(stack);
  const before = reader.read(signal);
  await first;
  const seen = reader.read(signal).then(() => memoryOf(reader));
  await turn();
  asked[0]?.(65_536);
  assert.equal(await seen, 65_536 * 1024);
  assert.equal(await before, 'all');
  assert.equal(asked.length, 1);
});

void test('a vm that changes while it is read is read again', async () => {
  await using stack = new AsyncDisposableStack();
  const { reader, asked, first } = await hold(stack);
  void reader.read(signal);
  await first;
  reader.mark(uuid);
  const seen = reader.read(signal).then(() => memoryOf(reader));
  asked[0]?.(65_536);
  while (asked.length < 2) await turn();
  asked[1]?.(131_072);
  assert.equal(await seen, 131_072 * 1024);
});
