/** Files of a vm from one agent to the other: whole, without what is not there, from where they were after a break. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { isFault, miB } from '#lib';
import { bareDefinition } from '../testing/qemu-agent.ts';
import { newMachineFile, type MachineFile } from '../machine/record.ts';
import { makeBridge } from './bridge.ts';
import {
  dataFrame,
  endFrame,
  readFrames,
  segmentBytes,
  segmentFrame,
  SegmentSum,
} from './frames.ts';
import { asMoved, listLeaving, markOf } from './leaving-files.ts';
import type { LeavingFile } from '../drivers/files.ts';
import { receiveFiles, type Position } from './receive.ts';
import { sendFiles } from './send.ts';

let folder: string;
let machine: MachineFile;
let files: readonly LeavingFile[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gt-'));
  const own = join(folder, 'vm');
  await mkdir(join(own, 'state'), { recursive: true });
  await writeFile(join(own, 'vm.json'), '{}');
  await writeFile(join(own, 'empty'), '');
  await writeFile(join(own, 'state', 'firmware'), randomBytes(1000), { mode: 0o440 });
  const disk = await open(join(own, 'disk.raw'), 'w');
  await disk.truncate(2 * segmentBytes + 5 * miB);
  for (const at of [1 * miB, segmentBytes - 1 * miB, 2 * segmentBytes + 1 * miB])
    await disk.write(randomBytes(2 * miB), 0, 2 * miB, at);
  await disk.close();
  const place = { folder: own, file: join(own, 'vm.json') };
  machine = newMachineFile(bareDefinition({}), 1, place, 0);
  files = await listLeaving(machine, []);
});
after(() => rm(folder, { recursive: true, force: true }));

const hashOf = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex');

/** Both ends, until the receiver has ended; `cutAfter` segments the stream breaks. */
async function carry(
  to: string,
  from: Position,
  cutAfter = Infinity,
): Promise<{ readonly at: Position; readonly bytes: number }> {
  await mkdir(to, { recursive: true });
  const [sender, receiver] = makeBridge();
  let at = from;
  let bytes = 0;
  let segments = 0;
  const { signal } = new AbortController();
  const counted = sender.write.bind(sender);
  sender.write = (chunk: Buffer) => {
    bytes += chunk.length;
    return counted(chunk);
  };
  const sending = sendFiles(sender, () => listLeaving(machine, []), signal);
  const note = async (now: Position): Promise<void> => {
    at = now;
    segments += 1;
    if (segments === cutAfter) receiver.destroy();
  };
  try {
    await receiveFiles(receiver, { folder: to, files: files.map(asMoved), at, note });
    receiver.end();
  } finally {
    receiver.destroy();
    await sending;
  }
  return { at, bytes };
}

test('files come whole, with their holes and permissions, also those that are empty or in folders', async () => {
  const to = join(folder, 'whole');
  const { bytes } = await carry(to, { file: 0, offset: 0 });
  assert.deepEqual(
    files.map(({ path }) => path),
    ['disk.raw', 'empty', 'state', 'state/firmware'],
  );
  for (const file of files)
    if (file.kind === 'file') assert.equal(hashOf(join(to, file.path)), hashOf(file.source));
  assert.ok(statSync(join(to, 'disk.raw')).blocks * 512 < 7 * miB);
  assert.ok(bytes < 7 * miB, `${bytes} bytes were sent`);
  assert.equal(statSync(join(to, 'state', 'firmware')).mode & 0o777, 0o440);
});

test('after a break they go on behind what is there', async () => {
  const to = join(folder, 'broken');
  await assert.rejects(carry(to, { file: 0, offset: 0 }, 1), (error) =>
    isFault(error, 'unavailable'),
  );
  const rest = await carry(to, { file: 0, offset: segmentBytes });
  assert.ok(rest.bytes < 4.5 * miB, `${rest.bytes} bytes were sent again`);
  assert.equal(hashOf(join(to, 'disk.raw')), hashOf(join(machine.folder, 'disk.raw')));
});

/** What a receiver makes of these frames. */
async function hear(...frames: readonly Buffer[]): Promise<void> {
  const to = await mkdtemp(join(folder, 'heard-'));
  const [far, near] = makeBridge();
  far.resume();
  for (const frame of frames) far.write(frame);
  far.end();
  const moved = files.map(asMoved);
  const note = async (): Promise<void> => undefined;
  try {
    await receiveFiles(near, { folder: to, files: moved, at: { file: 0, offset: 0 }, note });
  } finally {
    near.destroy();
  }
}

test('what is not what was sent, or is out of its place, or not all of it, is refused', async () => {
  const bytes = randomBytes(100);
  const sum = new SegmentSum();
  sum.add(0, bytes);
  const right = sum.take();
  const isCorrupt = (error: unknown): boolean => isFault(error, 'corrupt');
  const wrong = Buffer.from(right);
  wrong[0] = (wrong[0] ?? 0) ^ 1;
  await assert.rejects(hear(dataFrame(0, 0, bytes), segmentFrame(0, 100, wrong)), isCorrupt);
  await assert.rejects(hear(dataFrame(9, 0, bytes)), isCorrupt);
  await assert.rejects(hear(dataFrame(2, 0, bytes)), isCorrupt, 'a folder');
  await assert.rejects(hear(dataFrame(0, 2 ** 40, bytes)), isCorrupt);
  await assert.rejects(hear(dataFrame(0, 0, bytes), dataFrame(0, 50, bytes)), isCorrupt);
  await assert.rejects(
    hear(dataFrame(0, 0, bytes), segmentFrame(0, 100, right), endFrame()),
    isCorrupt,
    'the rest of it is missing',
  );
  await assert.rejects(hear(dataFrame(0, 0, bytes)), (error) => isFault(error, 'unavailable'));
  await assert.rejects(hear(Buffer.alloc(5, 0xff)), isCorrupt);
});

test('files that have changed since are not sent', async () => {
  const [sender, receiver] = makeBridge();
  const changed = async (): Promise<readonly LeavingFile[]> =>
    files.map((file) => (file.kind === 'file' ? { ...file, modified: '1' } : file));
  const sending = sendFiles(sender, changed, new AbortController().signal);
  const note = async (): Promise<void> => undefined;
  const to = await mkdtemp(join(folder, 'changed-'));
  const receiving = { folder: to, files: files.map(asMoved), at: { file: 0, offset: 0 }, note };
  await assert.rejects(receiveFiles(receiver, receiving), /have changed since/);
  receiver.destroy();
  await sending;
  assert.notEqual(markOf(await changed()), markOf(files));
});

test('a stream of anything is frames or a fault', async () => {
  for (let turn = 0; turn < 300; turn += 1) {
    const noise = [randomBytes(1 + (turn % 40)), randomBytes(turn)];
    try {
      for await (const frame of readFrames(Readable.from(noise) as AsyncIterable<Buffer>))
        assert.ok(frame.kind.length > 0);
    } catch (error) {
      assert.ok(isFault(error, 'corrupt'), String(error));
    }
  }
});
