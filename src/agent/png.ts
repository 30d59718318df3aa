/** Pictures as PNG (ISO/IEC 15948): 8 bits of red, green and blue each, no filter. */
import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';
import { assert } from '#lib';

const signature = Buffer.from('89504e470d0a1a0a', 'hex');
const deflateBytes = promisify<Buffer, { readonly level: number }, Buffer>(deflate);

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Three bytes for each point, row by row from above. */
  readonly rgb: Buffer;
}

export async function encodePng({ width, height, rgb }: Picture): Promise<Buffer> {
  assert(rgb.length === width * height * 3, 'a picture has three bytes for each point');
  const rowBytes = width * 3;
  // A byte before each row says how it is filtered: 0, not at all.
  const rows = Buffer.alloc(height * (1 + rowBytes));
  for (let y = 0; y < height; y += 1)
    rgb.copy(rows, y * (1 + rowBytes) + 1, y * rowBytes, (y + 1) * rowBytes);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', await deflateBytes(rows, { level: 3 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
