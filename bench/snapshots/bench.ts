/**
 * How long a guest stands still: `node bench/snapshots/bench.ts [ROUNDS]`. A machine of 256 MiB with two disks, whose
 * firmware runs; what the disks' transaction takes QEMU alone is measured in the same rounds.
 */
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectQmp,
  mergeLive,
  mirrorLive,
  openTops,
  qmp,
  readOpenDisk,
  snapshotState,
  type QmpClient,
} from '#qemu';
import { describeMachine, percentile, print, writeTable } from '../measure.ts';

const rounds = Number(process.argv[2] ?? 15);
const folder = mkdtempSync(join(tmpdir(), 'gb-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const disks = ['disk-a', 'disk-b'].map(
  (id) => ({ id, discard: 'unmap', cache: 'writeback' }) as const,
);

function createDisk(path: string, more: readonly string[]): void {
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...more, path, '1G']);
}

function argumentsOf(monitor: string): string[] {
  const devices = disks.flatMap(({ id }) => {
    const filename = join(folder, `${id}.qcow2`);
    createDisk(filename, []);
    const file = { 'node-name': `${id}-file`, driver: 'file', filename };
    const image = { 'node-name': `${id}-image`, driver: 'qcow2', file: `${id}-file` };
    const device = { driver: 'virtio-blk-pci', id, drive: `${id}-image` };
    return [
      '-blockdev',
      JSON.stringify(file),
      '-blockdev',
      JSON.stringify(image),
      '-device',
      JSON.stringify(device),
    ];
  });
  const board = ['-machine', 'pc', '-accel', 'tcg', '-m', '256', '-display', 'none', '-nodefaults'];
  return [
    ...board,
    '-chardev',
    `socket,id=q,path=${monitor},server=on,wait=off`,
    '-mon',
    'chardev=q,mode=control',
    ...devices,
  ];
}

/** Milliseconds between STOP and RESUME, by QEMU's own clock, of what the work does. */
async function standing(client: QmpClient, work: () => Promise<unknown>): Promise<number> {
  let stoppedMs = 0;
  let stoodMs = 0;
  const leave = client.onEvent(({ name }) => {
    if (name === 'STOP') stoppedMs = performance.now();
    if (name === 'RESUME') stoodMs += performance.now() - stoppedMs;
  });
  await work();
  leave();
  return stoodMs;
}

interface Layer {
  readonly disk: (typeof disks)[number];
  readonly upper: string;
  readonly lower: string;
}

async function newTops(client: QmpClient, round: number): Promise<readonly Layer[]> {
  const made: Layer[] = [];
  for (const disk of disks) {
    const { path: lower } = await readOpenDisk(client, disk.id);
    const upper = join(folder, `${disk.id}.${round}`);
    createDisk(upper, ['-u', '-b', lower, '-F', 'qcow2']);
    made.push({ disk, upper, lower });
  }
  return made;
}

async function run(client: QmpClient): Promise<Readonly<Record<string, number[]>>> {
  const taken: Record<string, number[]> = { transaction: [], memory: [], merge: [], move: [] };
  for (let round = 0; round < rounds; round += 1) {
    const layers = await newTops(client, round);
    const tops = layers.map(({ disk, upper: path }) => ({ disk, path }));
    await using open = await openTops(client, tops);
    const alone = async (): Promise<void> => {
      const begin = performance.now();
      await open.putOnTop();
      taken['transaction']?.push(performance.now() - begin);
    };
    const places = { path: join(folder, 'memory'), socketPath: join(folder, 's') };
    const keep = (): Promise<number> =>
      snapshotState(client, { ...places, acceleration: 'kvm', atRest: alone });
    taken['memory']?.push(await standing(client, keep));
    const quiet = async (): Promise<void> => undefined;
    for (const { disk, upper, lower } of layers) {
      const signal = AbortSignal.timeout(60_000);
      const job = { limit: () => 0, signal, onProgress: () => undefined };
      const ends = { beforeMove: quiet, moved: quiet };
      const merge = { diskId: disk.id, upper, lower, above: undefined, ...job, ...ends };
      taken['merge']?.push(await standing(client, () => mergeLive(client, merge)));
      const path = join(folder, `${disk.id}-${round}.qcow2`);
      createDisk(path, []);
      const to = { kind: 'file', path } as const;
      const move = { disk, to, format: 'qcow2', goesOn: () => false, ...job, ...ends } as const;
      taken['move']?.push(await standing(client, () => mirrorLive(client, move)));
    }
  }
  return taken;
}

const monitor = join(folder, 'qmp');
const child = spawn('qemu-system-x86_64', argumentsOf(monitor), { stdio: 'inherit' });
const exited = once(child, 'exit');
const client = await connectQmp(monitor, { absent: 'wait' });
const taken = await run(client);
await qmp.quit(client);
await exited;
print(describeMachine());
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const base = percentile(taken['transaction'] ?? [], 0.5);
print(
  writeTable([
    ['stands still', 'median', 'most', 'of the transaction'],
    ...Object.entries(taken).map(([name, values]) => [
      name,
      ms(percentile(values, 0.5)),
      ms(Math.max(...values)),
      (percentile(values, 0.5) / base).toFixed(1),
    ]),
  ]),
);
