/** The corpus of malformed files, and random damage on top of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MemoryFile } from './file/memory-file.ts';
import { formatNamed } from './formats.ts';
import type { Finding } from './layer.ts';
import { damagesFor, openSample, samples, sealed } from './testing/recipes.ts';
import { endure } from './testing/endure.ts';

/** One in so many of a format's damages is tried in one run; each run of the same code tries the same. */
const share = 12;

/** What a fuzzer has found, each with the checksums of the file as they ought to be. */
const found: readonly {
  readonly sample: string;
  readonly what: string;
  readonly damage: (bytes: Buffer) => unknown;
}[] = [
  {
    sample: 'vhdx',
    what: 'a header after which none can be counted',
    damage: (bytes) => bytes.fill(0xff, 65_544, 65_552),
  },
  {
    sample: 'qcow1',
    what: 'a table whose entries lie across pages',
    damage: (bytes) => bytes.writeUInt16BE(0x11ff, 46),
  },
];

for (const { sample: title, what, damage } of found) {
  void test(`FMT-03 ${what} in a ${title} gives a clear fault or content`, async () => {
    const sample = samples.find((one) => one.title === title);
    assert.ok(sample);
    const bytes = await sample.make();
    damage(bytes);
    await endure(sample.format, sealed(sample.format.name, bytes), what);
  });
}

for (const [turn, sample] of samples.entries()) {
  void test(`FMT-03 a damaged ${sample.title} gives a clear fault or content, and never more`, async () => {
    const bytes = await sample.make();
    assert.equal(await endure(sample.format, bytes, 'sound'), 'content');
    let tried = 0;
    let faults = 0;
    let index = turn;
    for (const damage of damagesFor(bytes.length)) {
      index += 1;
      if (index % share !== 0) continue;
      tried += 1;
      const damaged = damage.apply(bytes);
      const meant = tried % 2 === 0 ? damaged : sealed(sample.format.name, damaged);
      const outcome = await endure(sample.format, meant, damage.title);
      if (outcome === 'fault') faults += 1;
    }
    assert.ok(tried >= 10, `${tried} tried`);
    assert.ok(faults > 0, 'some of the damages are found');
  });

  void test(`FMT-03 random damage to a ${sample.title} is endured`, async () => {
    const bytes = await sample.make();
    const change = fc.record({
      // most of what matters lies at the start, and the places grow sparse with the distance
      at: fc.integer({ min: 0, max: 24 }).chain((bits) => fc.nat(2 ** bits)),
      value: fc.uint8Array({ minLength: 1, maxLength: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const damaged = Buffer.from(bytes);
        for (const { at, value } of changes)
          damaged.set(value.slice(0, damaged.length - (at % damaged.length)), at % damaged.length);
        await endure(sample.format, damaged, JSON.stringify(changes));
      }),
      { numRuns: 12, seed: 20260102 },
    );
  });
}

void test('FMT-03 a small vmdk whose directory leads to one table again and again is checked in its own time', async () => {
  const [tables, entries] = [65_536, 512];
  const bytes = Buffer.alloc(512 + tables * 4 + entries * 4 + 4096);
  const [directory, table] = [1, 1 + (tables * 4) / 512];
  bytes.write('KDMV', 0, 'latin1');
  bytes.writeUInt32LE(1, 4);
  bytes.writeUInt32LE(1, 8);
  bytes.writeBigUInt64LE(BigInt(tables * entries * 8), 12);
  bytes.writeBigUInt64LE(8n, 20);
  bytes.writeUInt32LE(entries, 44);
  bytes.writeBigUInt64LE(BigInt(directory), 56);
  bytes.writeBigUInt64LE(BigInt(table + 4), 64);
  bytes.write('\n \r\n', 73, 'latin1');
  for (let index = 0; index < tables; index += 1) bytes.writeUInt32LE(table, 512 + index * 4);
  for (let index = 0; index < entries; index += 1)
    bytes.writeUInt32LE(table + 4, table * 512 + index * 4);
  const disk = await openSample(formatNamed('vmdk'), new MemoryFile('bomb', bytes));
  const findings = new Map<string, number>();
  const count = ({ structure }: Finding): unknown => {
    const kind = structure.replace(/ \d+$/, '');
    return findings.set(kind, (findings.get(kind) ?? 0) + 1);
  };
  await disk.layer.check(count, AbortSignal.timeout(15_000));
  assert.deepEqual(
    [...findings],
    [
      ['directory entry', tables - 1],
      ['grain', entries - 1],
    ],
  );
});
