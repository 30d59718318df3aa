/**
 * The conformance suite of a writable format: the same promises, whatever the file looks like.
 * Each case lays out a new disk in a file; the suite writes at random, compares with a model of the content,
 * cuts the power at every kind of moment, and lets the format check its own file.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { Disk } from '../disk.ts';
import type { DiskFile } from '../file/disk-file.ts';
import { MemoryFile } from '../file/memory-file.ts';
import { PowerCutFile } from '../file/power-cut-file.ts';
import type { CreateOptions, Format } from '../format.ts';
import type { Finding } from '../layer.ts';
import { RawLayer } from '../raw/raw-layer.ts';
import { seededRandom, type Random } from './random.ts';

export interface SuiteCase {
  readonly title: string;
  readonly format: Format;
  readonly options: Omit<CreateOptions, 'nowMs' | 'newIdentity'>;
  /** Below the disk lies a parent with content of its own. */
  readonly hasParent?: boolean;
  /** Whether a clean file must have no leaks after a power cut either. */
  readonly findings?: readonly Finding['kind'][];
  /** Rounds of the power-cut test. */
  readonly rounds?: number;
}

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
const sector = 512;

function createOptions(suite: SuiteCase, random: Random): CreateOptions {
  return { ...suite.options, nowMs, newIdentity: () => random.bytes(16) };
}

async function openOn(suite: SuiteCase, file: DiskFile, parent: Buffer | undefined): Promise<Disk> {
  const layer = await suite.format.open({
    file,
    openNeighbour: () => Promise.reject(new Error('no neighbours here')),
  });
  const below =
    parent === undefined
      ? undefined
      : new Disk(new RawLayer(new MemoryFile('parent', parent), parent.length), undefined);
  return new Disk(layer, below);
}

async function findingsOf(disk: Disk): Promise<Finding[]> {
  const found: Finding[] = [];
  await disk.layer.check((finding) => found.push(finding), undefined);
  return found;
}

/** A range that likes the places where formats have their seams. */
function pickRange(
  random: Random,
  disk: Disk,
  maxSectors = 8192,
): { offset: number; length: number } {
  const sectors = disk.sizeBytes / sector;
  const block = Math.max(1, disk.blockBytes / sector);
  const near = random.pick(3) === 0;
  const anchor = near ? Math.floor(random.pick(sectors) / block) * block : random.pick(sectors);
  const start = Math.max(0, Math.min(sectors - 1, anchor - (near ? random.pick(4) : 0)));
  const longest = [8, 64, block, block * 3][random.pick(4)] ?? 8;
  const count = 1 + random.pick(Math.max(1, Math.min(longest, maxSectors)));
  const length = Math.min(count, sectors - start);
  const unit = disk.sectorBytes / sector;
  const first = Math.floor(start / unit) * unit;
  const last = Math.min(sectors, Math.ceil((start + length) / unit) * unit);
  return { offset: first * sector, length: (last - first) * sector };
}

async function wholeOf(disk: Disk): Promise<Buffer> {
  const bytes = Buffer.alloc(disk.sizeBytes);
  await disk.read(bytes, 0);
  return bytes;
}

/** By itself, or by somebody who is told where it goes. */
async function put(disk: Disk, random: Random, bytes: Buffer, offset: number): Promise<void> {
  if (!disk.isFillable || random.pick(2) === 0) return disk.write(bytes, offset);
  await disk.fill(offset, bytes.length, ({ file, fileOffset, length }, at) =>
    file.write(bytes.subarray(at - offset, at - offset + length), fileOffset),
  );
}

export function runSuite(suite: SuiteCase): void {
  const sizeBytes = suite.options.sizeBytes;
  const parentOf = (random: Random): Buffer | undefined =>
    suite.hasParent === true ? random.bytes(sizeBytes) : undefined;

  void test(`${suite.title} keeps what is written, across closing and opening`, async () => {
    for (let seed = 1; seed <= 4; seed += 1) {
      const random = seededRandom(seed);
      const parent = parentOf(random);
      const file = new MemoryFile('disk');
      await suite.format.create?.(file, createOptions(suite, random));
      let disk = await openOn(suite, file, parent);
      assert.equal(disk.sizeBytes, sizeBytes);
      const model = parent === undefined ? Buffer.alloc(sizeBytes) : Buffer.from(parent);
      assert.ok((await wholeOf(disk)).equals(model), 'a new disk reads as its parent or zeros');
      for (let step = 0; step < 60; step += 1) {
        const { offset, length } = pickRange(random, disk);
        const action = random.pick(10);
        if (action < 6) {
          const bytes = random.bytes(length);
          bytes.copy(model, offset);
          await put(disk, random, bytes, offset);
        } else if (action < 8) {
          model.fill(0, offset, offset + length);
          await disk.zero(offset, length);
        } else if (action === 8) {
          await disk.flush();
        } else {
          await disk.close();
          disk = await openOn(suite, file, parent);
        }
        const check = pickRange(random, disk);
        const bytes = Buffer.alloc(check.length);
        await disk.read(bytes, check.offset);
        const wanted = model.subarray(check.offset, check.offset + check.length);
        assert.ok(bytes.equals(wanted), `seed ${seed} step ${step}: content at ${check.offset}`);
      }
      await disk.close();
      disk = await openOn(suite, file, parent);
      assert.ok((await wholeOf(disk)).equals(model), `seed ${seed}: content at the end`);
      assert.deepEqual(
        (await findingsOf(disk)).filter((finding) => finding.kind !== 'oddity'),
        [],
      );
    }
  });

  void test(`${suite.title} takes many writes at once`, async () => {
    const random = seededRandom(7);
    const parent = parentOf(random);
    const file = new MemoryFile('disk');
    await suite.format.create?.(file, createOptions(suite, random));
    const disk = await openOn(suite, file, parent);
    const model = parent === undefined ? Buffer.alloc(sizeBytes) : Buffer.from(parent);
    const slice = Math.floor(sizeBytes / 16 / 4096) * 4096;
    const work: Promise<void>[] = [];
    for (let part = 0; part < 16; part += 1) {
      for (let step = 0; step < 4; step += 1) {
        // slices do not overlap, so the order between them does not matter; within one it is kept
        const offset = part * slice + step * 4096;
        const bytes = random.bytes(8192);
        if (offset + 8192 > (part + 1) * slice) continue;
        bytes.copy(model, offset);
        work.push(put(disk, random, bytes, offset));
        if (step === 2) work.push(disk.flush());
      }
    }
    await Promise.all(work);
    await disk.close();
    const again = await openOn(suite, file, parent);
    assert.ok((await wholeOf(again)).equals(model));
  });

  void test(`${suite.title} has old or new content after a power cut, and all that was flushed`, async () => {
    for (let round = 0; round < (suite.rounds ?? 60); round += 1) {
      await cutOnce(suite, round, parentOf(seededRandom(round + 1)));
    }
  });
}

async function cutOnce(suite: SuiteCase, round: number, parent: Buffer | undefined): Promise<void> {
  const random = seededRandom(round + 100);
  const made = new MemoryFile('disk');
  await suite.format.create?.(made, createOptions(suite, random));
  let file = new PowerCutFile('disk', await made.content());
  const { sizeBytes } = suite.options;
  const start = parent ?? Buffer.alloc(sizeBytes);
  // per sector: every content it may have after a cut now
  const durable = Buffer.from(start);
  const maybe = new Map<number, Buffer[]>();
  // the second life begins with what the first one's cut has left
  for (let life = 0; life < 2; life += 1) {
    const disk = await openOn(suite, file, parent);
    file.cutAfter(random.pick(60));
    try {
      for (let step = 0; step < 40; step += 1) {
        const { offset, length } = pickRange(random, disk, 300);
        if (random.pick(5) === 0) {
          const settled = [...maybe];
          await disk.flush();
          for (const [index, versions] of settled) versions.at(-1)?.copy(durable, index * sector);
          maybe.clear();
          continue;
        }
        const isZero = random.pick(4) === 0;
        const bytes = isZero ? Buffer.alloc(length) : random.bytes(length);
        for (let at = 0; at < length; at += sector) {
          const index = (offset + at) / sector;
          const versions = maybe.get(index) ?? [
            Buffer.from(durable.subarray(offset + at, offset + at + sector)),
          ];
          versions.push(bytes.subarray(at, at + sector));
          maybe.set(index, versions);
        }
        await (isZero ? disk.zero(offset, length) : put(disk, random, bytes, offset));
      }
    } catch (error) {
      assert.ok(isFault(error, 'unavailable'), String(error));
    }
    file = await file.afterCut((choices) => random.pick(choices));
    const after = await openOn(suite, file, parent);
    const content = await wholeOf(after);
    for (let index = 0; index * sector < sizeBytes; index += 1) {
      const here = content.subarray(index * sector, (index + 1) * sector);
      const allowed = maybe.get(index) ?? [durable.subarray(index * sector, (index + 1) * sector)];
      assert.ok(
        allowed.some((version) => version.equals(here)),
        `round ${round} life ${life}: sector ${index} is neither old nor new`,
      );
    }
    content.copy(durable);
    maybe.clear();
    const wrong = (await findingsOf(after)).filter((finding) => finding.kind === 'corruption');
    assert.deepEqual(wrong, [], `round ${round} life ${life}`);
    file = new PowerCutFile('disk', await file.content());
  }
}
