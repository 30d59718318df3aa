/** What a malformed file may do to us: nothing but a clear fault, or content, within bounded time and memory. */
import assert from 'node:assert/strict';
import { Fault } from '#lib';
import { readProbe } from '../detect.ts';
import { MemoryFile } from '../file/memory-file.ts';
import type { Format } from '../format.ts';
import { openSample } from './recipes.ts';

/** The most a damaged sample may take; a sound one takes a few milliseconds. */
const limitMs = 20_000;
const mostRuns = 20_000;

export type Outcome = 'fault' | 'content';

/** Opens, maps, reads, checks; then the same for writing. Fails on any error that is not a Fault. */
export async function endure(format: Format, bytes: Buffer, title: string): Promise<Outcome> {
  const started = performance.now();
  let outcome: Outcome = 'content';
  for (const access of ['read', 'write'] as const) {
    const file = new MemoryFile('sample', bytes, 256 * 1024 * 1024);
    const seen = Object.assign(Object.create(file) as MemoryFile, { access });
    bind(seen, file);
    try {
      format.recognise(await readProbe(seen));
      await use(format, seen, access);
    } catch (error) {
      outcome = 'fault';
      if (!(error instanceof Fault) || error.code === 'internal') {
        throw new Error(`${format.name}, ${title}: not a fault`, { cause: error });
      }
      assert.ok(error.message.length > 10 && error.message.length < 1000, error.message);
    }
  }
  const tookMs = performance.now() - started;
  assert.ok(tookMs < limitMs, `${format.name}, ${title}: took ${Math.round(tookMs)} ms`);
  return outcome;
}

/** Private fields do not follow a prototype: the methods are called on the file itself. */
function bind(seen: MemoryFile, file: MemoryFile): void {
  Object.assign(seen, {
    read: file.read.bind(file),
    write: file.write.bind(file),
    size: file.size.bind(file),
    truncate: file.truncate.bind(file),
    sync: file.sync.bind(file),
    close: file.close.bind(file),
    storedBytes: file.storedBytes.bind(file),
  });
}

async function use(format: Format, file: MemoryFile, access: 'read' | 'write'): Promise<void> {
  const disk = await openSample(format, file);
  disk.layer.describe();
  const buffer = Buffer.alloc(65536);
  let runs = 0;
  for (let at = 0; at < disk.sizeBytes && runs < mostRuns; runs += 1) {
    const run = await disk.runAt(at, disk.sizeBytes - at);
    if (run.kind !== 'zero') {
      await disk.read(buffer.subarray(0, Math.min(run.length, buffer.length)), at);
    }
    at += run.length;
  }
  if (disk.sizeBytes <= 1024 ** 3) {
    const signal = AbortSignal.timeout(limitMs / 2);
    await disk.layer.check(() => undefined, signal);
  }
  if (access === 'write' && disk.isWritable && disk.sizeBytes >= 65536) {
    await disk.write(buffer, 0);
    await disk.zero(Math.floor((disk.sizeBytes - 4096) / 8192) * 4096, 4096);
    await disk.close();
  }
}
