/**
 * What goes over the channel of the files appliance (images/files/init), one request after the other.
 *
 *   request   verb device type path [length]\n     a path: any bytes, all but the harmless ones as \0ooo
 *   answer    d LENGTH\n and so many bytes, any number of times; then  e WORD TEXT\n
 *
 * The appliance belongs to the disk that it has: every answer is hostile, and every length in it is bounded here.
 */
import { Fault, kiB, miB, type FaultCode } from '#lib';
import { printable } from '../qmp/messages.ts';
import { textOfName } from './path-text.ts';

export const maxLineBytes = 1 * kiB;
export const maxFrameBytes = 1 * miB;
/** Of an answer that is kept whole: 50,000 names of 255 bytes and what goes with them. */
export const maxAnswerBytes = 32 * miB;
const maxEntries = 50_000;

export type Frame =
  | { readonly kind: 'data'; readonly lengthBytes: number }
  | { readonly kind: 'end'; readonly word: string; readonly text: string };

export function encodePath(path: Buffer): string {
  return Array.from(path, (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9_./-]/.test(character)
      ? character
      : `\\0${byte.toString(8).padStart(3, '0')}`;
  }).join('');
}

/** Errors: `corrupt`. */
export function parseFrame(line: string): Frame {
  const length = /^d ([1-9]\d{0,6})$/.exec(line)?.[1];
  if (length !== undefined && Number(length) <= maxFrameBytes)
    return { kind: 'data', lengthBytes: Number(length) };
  const end = /^e ([a-z-]{1,32}) (.*)$/.exec(line);
  if (end !== null) return { kind: 'end', word: end[1] ?? '', text: printable(end[2] ?? '') };
  throw new Fault('corrupt', 'the appliance that reads the disk does not keep to its protocol');
}

const words: ReadonlyMap<string, readonly [FaultCode, string]> = new Map([
  ['absent', ['not-found', 'there is no such file']],
  ['not-a-folder', ['invalid', 'it is not a folder']],
  ['not-a-file', ['invalid', 'it is not a file']],
  ['is-a-folder', ['invalid', 'it is a folder']],
  ['is-the-root', ['invalid', 'a file system is not put into as a whole, its folders are']],
  ['not-an-archive', ['invalid', 'it is no tar archive of one folder']],
  ['too-large', ['too-large', `it has more than ${maxEntries} entries`]],
  ['full', ['exhausted', 'the file system takes no more']],
  ['failed', ['corrupt', 'the file system fails']],
  ['unreadable', ['corrupt', 'the file system cannot be read']],
]);

/** What an end that is not `ok` means. `doing`: `cannot read /etc of vda1`. */
export function faultOf({ word, text }: Extract<Frame, { kind: 'end' }>, doing: string): Fault {
  const [code, meaning] = words.get(word) ?? ['internal', `the appliance answers ${word}`];
  return new Fault(code, `${doing}: ${meaning}${text === '' ? '' : `: ${text}`}`);
}

export interface BlockRange {
  /** `vda` the disk, `vda1` its first partition. */
  readonly device: string;
  readonly start: number;
  readonly sizeBytes: number;
}

const maxRanges = 256;

/** The disk and its partitions. Errors: `corrupt`. */
export function parseRanges(answer: Buffer): readonly BlockRange[] {
  const lines = answer.toString('latin1').split('\n').slice(0, -1);
  if (lines.length > maxRanges) {
    throw new Fault('too-large', `the disk has more than ${maxRanges} partitions`);
  }
  const ranges = lines.map((line) => {
    const [, device = '', start, sectors] = /^(vda\d{0,3}) (\d{1,13}) (\d{1,13})$/.exec(line) ?? [];
    if (device === '') throw new Fault('corrupt', 'the appliance tells no partitions');
    return { device, start: Number(start) * 512, sizeBytes: Number(sectors) * 512 };
  });
  return ranges.toSorted((a, b) => Number(a.device.slice(3)) - Number(b.device.slice(3)));
}

export const fileKinds = ['file', 'folder', 'link', 'other'] as const;
export type FileKind = (typeof fileKinds)[number];

export interface FileFacts {
  readonly kind: FileKind;
  /** Permission bits. */
  readonly mode: number;
  readonly sizeBytes: number;
  /** Seconds since 1970, when the content was last changed. */
  readonly changedS: number;
  readonly uid: number;
  readonly gid: number;
}

export interface FolderEntry extends FileFacts {
  /** As text (path-text.ts). */
  readonly name: string;
  /** Where a link leads, as text; undefined for everything else. */
  readonly target: string | undefined;
}

const kindBits: Readonly<Record<number, FileKind>> = {
  0o100000: 'file',
  0o040000: 'folder',
  0o120000: 'link',
};

/** Errors: `corrupt`. */
export function parseFacts(line: string): FileFacts {
  const found = /^([0-9a-f]{1,8}) (\d{1,19}) (-?\d{1,19}) (\d{1,10}) (\d{1,10})$/.exec(line);
  if (found === null) throw new Fault('corrupt', 'the appliance tells no facts of a file');
  const mode = Number.parseInt(found[1] ?? '', 16);
  const [sizeBytes = 0, changedS = 0, uid = 0, gid = 0] = found.slice(2).map(Number);
  const kind = kindBits[mode & 0o170000] ?? 'other';
  return {
    kind,
    mode: mode & 0o7777,
    sizeBytes: Math.min(sizeBytes, Number.MAX_SAFE_INTEGER),
    changedS: Math.max(-8_640_000_000_000, Math.min(changedS, 8_640_000_000_000)),
    uid,
    gid,
  };
}

/** A folder's entries, by name. Errors: `corrupt`, `too-large`. */
export function parseFolder(answer: Buffer): readonly FolderEntry[] {
  const [names, factsStart] = readNames(answer, 0);
  const factsEnd = names.length === 0 ? factsStart : answer.indexOf('\n\n', factsStart) + 1;
  const lines = answer.toString('latin1', factsStart, factsEnd).split('\n').slice(0, -1);
  if (factsEnd < factsStart || lines.length !== names.length) {
    throw new Fault('corrupt', 'the appliance tells not as many facts as there are files');
  }
  const facts = lines.map(parseFacts);
  const [targets] = readNames(answer, factsEnd + 1);
  let links = 0;
  return names
    .map((name, index) => {
      const known = facts[index] ?? parseFacts('');
      const target = known.kind === 'link' ? targets[links++] : undefined;
      const text = target === undefined ? undefined : textOfName(target);
      return { name: textOfName(name.subarray(2)), ...known, target: text };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names that each end with a zero byte, up to an empty one or the end, and where what follows begins. */
function readNames(answer: Buffer, start: number): readonly [readonly Buffer[], number] {
  const names: Buffer[] = [];
  for (let at = start; ;) {
    const end = answer.indexOf(0, at);
    if (end === -1) return [names, answer.length];
    if (end === at) return [names, end + 1];
    if (names.length >= maxEntries) throw new Fault('too-large', 'too many names in a folder');
    names.push(answer.subarray(at, end));
    at = end + 1;
  }
}
