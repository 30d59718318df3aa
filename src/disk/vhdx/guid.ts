/** GUIDs as text (lower case, without braces) and as the sixteen bytes of a file, half of them reversed. */

export const noGuid = '00000000-0000-0000-0000-000000000000';

export function guidText(bytes: Buffer): string {
  const hex = (from: number, to: number): string => bytes.toString('hex', from, to);
  const reversed = (from: number, to: number): string =>
    Buffer.from(bytes.subarray(from, to)).reverse().toString('hex');
  return [reversed(0, 4), reversed(4, 6), reversed(6, 8), hex(8, 10), hex(10, 16)].join('-');
}

export function guidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
