import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { isFault } from '#lib';
import { toPng } from './screenshot.ts';

const pixmap = (header: string, points: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from(header), Buffer.from(points)]);

void test('a pixmap becomes a PNG of the same points, and a PNG stays as it is', async () => {
  const points = Array.from({ length: 2 * 3 * 3 }, (_, at) => at * 7);
  const png = await toPng(pixmap('P6\n# made by nobody\n2 3\n255\n', points));
  assert.equal(png.toString('latin1', 1, 4), 'PNG');
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [2, 3]);
  const at = png.indexOf('IDAT');
  const rows = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
  const row = (y: number): number[] => [0, ...points.slice(y * 6, y * 6 + 6)];
  assert.deepEqual([...rows], [...row(0), ...row(1), ...row(2)]);
  assert.equal(await toPng(png), png);
});

void test('a picture that is not what it says is refused', async () => {
  const refusals = [
    [pixmap('P6 99999 99999 255 ', [1]), 'invalid'],
    [pixmap('P6 0 0 255 ', []), 'invalid'],
    [pixmap('P6 1 1 65535 ', [1, 2, 3, 4, 5, 6]), 'unsupported'],
    [Buffer.from('GIF89a'), 'unsupported'],
    [Buffer.alloc(0), 'unsupported'],
  ] as const;
  for (const [bytes, code] of refusals)
    await assert.rejects(toPng(bytes), (error) => isFault(error, code));
});
