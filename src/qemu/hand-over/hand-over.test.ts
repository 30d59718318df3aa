/** A guest handed from one real QEMU to another: what its disks hold is read by qemu-io when both have ended. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Fault } from '#lib';
import type { Disk } from '../command-line/spec-storage.ts';
import { isServedImage, readOpenDisk } from '../layers/nodes.ts';
import * as qmp from '../qmp/commands.ts';
import { argumentsOf, makeDisk } from '../testing/plain-disks.ts';
import {
  startBareQemu,
  TemporaryFolder,
  withoutQemu,
  type RealQemu,
} from '../testing/real-qemu.ts';
import { handOver, isHandedOver, takeBack, type HandedOver, type HandOver } from './hand-over.ts';
import { awaitGuest, takeGuest } from './take-guest.ts';

const options = { skip: withoutQemu };
/** The firmware's count of timer interrupts: it moves only while the machine runs. */
async function readTicks({ qmp: client }: RealQemu): Promise<number> {
  const command = { 'command-line': 'xp /1xw 0x46c' };
  const said = String(await client.execute('human-monitor-command', command));
  return Number(/0x[0-9a-f]{8}\s*$/.exec(said.trim())?.[0] ?? '0');
}

async function untilTicks(qemu: RealQemu): Promise<number> {
  const first = await readTicks(qemu);
  for (;;) {
    const now = await readTicks(qemu);
    if (now > first) return now;
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

/** Disk a has an image alone, disk b one on a parent that both sides have. */
function makeDisks(folder: TemporaryFolder): readonly Disk[] {
  const parent = folder.file('parent');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', parent, '8M']);
  execFileSync('qemu-io', ['-c', 'write -P 9 4M 1M', parent]);
  return [
    makeDisk('disk-a', 0, folder.file('disk-a')),
    makeDisk('disk-b', 1, folder.file('disk-b'), parent),
  ];
}

async function startWith(
  folder: TemporaryFolder,
  disks: readonly Disk[],
  more: readonly string[] = [],
): Promise<RealQemu> {
  return startBareQemu(folder, [...argumentsOf(disks), ...more]);
}

async function write({ qmp: client }: RealQemu, id: string, pattern: number, region: number) {
  const device = `/machine/peripheral/${id}/virtio-backend`;
  for (const line of [`write -P ${pattern} ${region}M 1M`, 'flush'])
    await client.execute('human-monitor-command', {
      'command-line': `qemu-io -d ${device} "${line}"`,
    });
}

function holds(path: string, pattern: number, region: number): boolean {
  const said = execFileSync('qemu-io', ['-r', '-c', `read -v ${region}M 16`, path]).toString();
  return said.includes(`00:  ${pattern.toString(16).padStart(2, '0')} `);
}

/** Two machines, of which one runs and the other one waits. */
class Pair implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly here: RealQemu;
  readonly there: RealQemu;
  readonly folders: readonly [TemporaryFolder, TemporaryFolder];

  private constructor(
    stack: AsyncDisposableStack,
    machines: readonly [RealQemu, RealQemu],
    folders: readonly [TemporaryFolder, TemporaryFolder],
  ) {
    this.#stack = stack;
    [this.here, this.there] = machines;
    this.folders = folders;
  }

  static async start(): Promise<Pair> {
    await using stack = new AsyncDisposableStack();
    const one = stack.use(await TemporaryFolder.make());
    const other = stack.use(await TemporaryFolder.make());
    const here = stack.use(await startWith(one, makeDisks(one)));
    const there = stack.use(await startWith(other, makeDisks(other), ['-incoming', 'defer']));
    await qmp.cont(here.qmp);
    await untilTicks(here);
    return new Pair(stack.move(), [here, there], [one, other]);
  }

  readonly #disks = ['disk-a', 'disk-b'].map((diskId) => ({ diskId, exportName: diskId }));

  get handed(): HandOver['disks'] {
    const socketPath = this.folders[1].file('d');
    return this.#disks.map(({ diskId: id, exportName }) => ({
      disk: { id, discard: 'unmap', cache: 'writeback' },
      socketPath,
      exportName,
      sync: id === 'disk-b' ? 'top' : 'full',
    }));
  }

  async wait(): Promise<void> {
    await awaitGuest(this.there.qmp, {
      disks: this.#disks,
      disksSocketPath: this.folders[1].file('d'),
      memorySocketPath: this.folders[1].file('m'),
      signal: AbortSignal.timeout(20_000),
    });
  }

  hand(more: Partial<HandOver> = {}): Promise<HandedOver> {
    return handOver(this.here.qmp, {
      disks: this.handed,
      memorySocketPath: this.folders[1].file('m'),
      acceleration: 'kvm',
      downtimeMs: 300,
      limit: () => 0,
      signal: AbortSignal.timeout(20_000),
      onProgress: () => undefined,
      letGo: async () => undefined,
      ...more,
    });
  }

  async take(): Promise<void> {
    await takeGuest(this.there.qmp, { disks: this.#disks }, AbortSignal.timeout(20_000));
  }

  async end(): Promise<void> {
    for (const { qmp: client, program } of [this.here, this.there]) {
      await qmp.quit(client);
      await program.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

for (const acceleration of ['kvm', 'tcg'] as const)
  void test(
    `a guest goes on in another process where it stood, with all that its disks hold, as if by ${acceleration}`,
    options,
    async () => {
      await using pair = await Pair.start();
      const { here, there, folders } = pair;
      await write(here, 'disk-a', 1, 0);
      await write(here, 'disk-b', 2, 0);
      await pair.wait();
      let isFirst = true;
      const told: string[] = [];
      const handed = await pair.hand({
        acceleration,
        onProgress: ({ what, part }) => {
          told.push(what);
          assert.ok(part >= 0 && part <= 1);
          // What is written while the copy is under way goes along.
          if (isFirst) void write(here, 'disk-a', 3, 6);
          isFirst = false;
        },
      });
      assert.ok(handed.sentBytes > 2 * 2 ** 20, String(handed.sentBytes));
      assert.ok(performance.now() - handed.stoodSinceMs < 20_000);
      assert.deepEqual([...new Set(told)], ['disks', 'memory']);
      assert.equal((await qmp.queryStatus(here.qmp)).running, false);
      assert.equal(await isHandedOver(here.qmp), true);
      await pair.take();
      const stood = await readTicks(here);
      assert.equal(await readTicks(there), stood, 'nothing runs on either side');
      await qmp.cont(there.qmp);
      assert.ok((await untilTicks(there)) > stood);
      await write(there, 'disk-b', 4, 7);
      await pair.end();
      const [a, b] = ['disk-a', 'disk-b'].map((id) => folders[1].file(id));
      assert.ok(holds(a ?? '', 1, 0) && holds(a ?? '', 3, 6));
      assert.ok(holds(b ?? '', 2, 0) && holds(b ?? '', 9, 4) && holds(b ?? '', 4, 7));
      for (const path of [a, b]) execFileSync('qemu-img', ['check', '-q', path ?? '']);
      const map = execFileSync('qemu-img', ['map', '--output=json', b ?? '']).toString();
      const own = (JSON.parse(map) as { depth: number; start: number; data: boolean }[]).filter(
        ({ depth, data }) => depth === 0 && data,
      );
      assert.ok(
        !own.some(({ start }) => start === 4 * 2 ** 20),
        'what the parent holds stays there',
      );
    },
  );

void test('what was handed over is taken back, and handed over again', options, async () => {
  await using pair = await Pair.start();
  const { here, folders } = pair;
  await write(here, 'disk-a', 1, 0);
  await pair.wait();
  await pair.hand();
  await takeBack(here.qmp, pair.handed, true);
  await untilTicks(here);
  assert.equal(await isHandedOver(here.qmp), false);
  await write(here, 'disk-a', 5, 1);
  const { images } = await readOpenDisk(here.qmp, 'disk-a');
  assert.deepEqual([...images.keys()].filter(isServedImage), []);
  await qmp.quit(pair.there.qmp);
  await pair.there.program.end();
  await using later = await TemporaryFolder.make();
  await using next = await startWith(later, makeDisks(later), ['-incoming', 'defer']);
  const disks = [{ diskId: 'disk-a', exportName: 'disk-a' }];
  await awaitGuest(next.qmp, {
    disks: [...disks, { diskId: 'disk-b', exportName: 'disk-b' }],
    disksSocketPath: later.file('d'),
    memorySocketPath: later.file('m'),
    signal: AbortSignal.timeout(20_000),
  });
  await pair.hand({
    disks: pair.handed.map((one) => ({ ...one, socketPath: later.file('d') })),
    memorySocketPath: later.file('m'),
  });
  await takeGuest(next.qmp, { disks }, AbortSignal.timeout(20_000));
  await qmp.cont(next.qmp);
  await untilTicks(next);
  await qmp.quit(next.qmp);
  await next.program.end();
  assert.ok(holds(later.file('disk-a'), 5, 1) && holds(later.file('disk-a'), 1, 0));
  assert.ok(holds(folders[0].file('disk-a'), 5, 1));
});

void test(
  'a hand-over that is cancelled, or whose other side ends, lets the guest go on here',
  options,
  async () => {
    await using pair = await Pair.start();
    const { here, there } = pair;
    await pair.wait();
    const over = new AbortController();
    const cancelled = pair.hand({
      signal: over.signal,
      limit: () => 65_536,
      onProgress: () => over.abort(new Fault('cancelled', 'enough')),
    });
    await write(here, 'disk-a', 1, 0);
    await assert.rejects(cancelled, { code: 'cancelled' });
    await untilTicks(here);
    assert.deepEqual(await qmp.queryJobs(here.qmp), []);
    let isSlow = false;
    const lost = pair.hand({
      limit: () => (isSlow ? 65_536 : 0),
      onProgress: ({ what, part }) => {
        isSlow = part === 1;
        if (what === 'memory') there.program.child.kill('SIGKILL');
      },
    });
    await assert.rejects(lost, Fault);
    await untilTicks(here);
    const { images } = await readOpenDisk(here.qmp, 'disk-a');
    assert.deepEqual([...images.keys()].filter(isServedImage), []);
    await assert.rejects(pair.hand(), Fault);
    await untilTicks(here);
  },
);
