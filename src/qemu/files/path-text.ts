/**
 * Names of files as text. A name in a file system is bytes; as text it is those bytes in UTF-8, with `\xNN` for each that is no
 * text (not UTF-8, or a control character) and `\\` for a backslash. Each name has one text, and the text gives it back.
 */
import { Fault } from '#lib';

/** Linux's PATH_MAX. */
const maxPathBytes = 4096;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function textOfName(name: Buffer): string {
  let text = '';
  for (let at = 0; at < name.length;) {
    const length = characterLength(name, at);
    const character = length === 0 ? '' : decode(name.subarray(at, at + length));
    if (character === '' || /[\p{Cc}\u2028\u2029\ufeff]/u.test(character)) {
      text += `\\x${(name[at] ?? 0).toString(16).padStart(2, '0')}`;
      at += 1;
    } else {
      text += character === '\\' ? '\\\\' : character;
      at += length;
    }
  }
  return text;
}

/** Length by the first byte of a UTF-8 sequence; 0 where none begins. */
function characterLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

function decode(bytes: Buffer): string {
  try {
    return strict.decode(bytes);
  } catch {
    return '';
  }
}

/** The bytes of a path. Errors: `invalid`, `too-large`. */
export function bytesOfPath(text: string): Buffer {
  const parts = text.split(/(\\\\|\\x[0-9a-f]{2})/).map((part, index) => {
    if (index % 2 === 1)
      return part === '\\\\' ? Buffer.from('\\') : Buffer.from(part.slice(2), 'hex');
    if (part.includes('\\')) {
      throw new Fault(
        'invalid',
        'a backslash in a path is followed by x and two digits, or doubled',
      );
    }
    return Buffer.from(part);
  });
  const bytes = Buffer.concat(parts);
  if (bytes.includes(0)) throw new Fault('invalid', 'a path has no zero bytes');
  if (bytes.length > maxPathBytes) {
    throw new Fault('too-large', `a path is longer than ${maxPathBytes} bytes`);
  }
  return bytes;
}
