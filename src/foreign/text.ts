/** Text of configuration files: UTF-8, or UTF-16 with a byte order mark, as Virtual PC writes it. */
import { Fault } from '#lib';

export const maxFileBytes = 4 * 1024 * 1024;

/** Faults: `too-large`; `invalid` for what is no text. */
export function decodeText(bytes: Uint8Array, name: string): string {
  if (bytes.length > maxFileBytes)
    throw new Fault(
      'too-large',
      `${name} has ${bytes.length} bytes, more than a configuration has`,
    );
  const encoding = encodingOf(bytes);
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    if (text.includes('\0')) throw new Fault('invalid', `${name} has binary content`);
    return text;
  } catch (cause) {
    throw new Fault('invalid', `${name} is not a text file`, { cause });
  }
}

function encodingOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // A file of UTF-16 that has lost its mark still begins with `<` and a zero.
  if (first === 0x3c && second === 0) return 'utf-16le';
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252';
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
