/** The first members of a tar archive (POSIX.1-2001 ustar, and GNU's), by their headers alone. */
import { formatBytes } from '#lib';
import type { Looks } from './kind.ts';

const blockBytes = 512;
/** What tells the kinds of archives apart stands at their beginning. */
const maxMembers = 64;

export interface Members {
  readonly names: readonly string[];
  readonly version: string;
  readonly summary: string;
}

/** Undefined for what is no tar archive. */
export async function findMembers({ head, at, sizeBytes }: Looks): Promise<Members | undefined> {
  if (!isHeader(head)) return undefined;
  const names: string[] = [];
  let offset = 0;
  let contentBytes = 0;
  while (names.length < maxMembers && offset + blockBytes <= sizeBytes) {
    const header = (await at(offset)).subarray(0, blockBytes);
    if (!isHeader(header)) break;
    const size = sizeOf(header);
    if (size === undefined) break;
    // Extended headers and long names describe the member behind them.
    const isMember = !['x', 'g', 'L', 'K'].includes(String.fromCharCode(header[156] ?? 0));
    if (isMember) {
      names.push(nameOf(header));
      contentBytes += size;
    }
    offset += blockBytes + Math.ceil(size / blockBytes) * blockBytes;
  }
  const isGnu = head.toString('latin1', 257, 265) === 'ustar  \0';
  const shown = names.slice(0, 3).join(', ');
  const more = names.length > 3 ? ', …' : '';
  return {
    names,
    version: isGnu ? 'GNU' : 'ustar',
    summary: `holds ${shown}${more}: ${formatBytes(contentBytes)}`,
  };
}

function isHeader(bytes: Buffer): boolean {
  if (bytes.length < blockBytes || bytes.toString('latin1', 257, 262) !== 'ustar') return false;
  const said = Number.parseInt(bytes.toString('latin1', 148, 156).replace(/[\0 ].*$/s, ''), 8);
  let sum = 0;
  for (let at = 0; at < blockBytes; at += 1) sum += at >= 148 && at < 156 ? 0x20 : (bytes[at] ?? 0);
  return said === sum;
}

/** Octal digits, or GNU's big-endian number when the first bit is set. */
function sizeOf(header: Buffer): number | undefined {
  const field = header.subarray(124, 136);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const size = field.readBigUInt64BE(4);
    return size > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(size);
  }
  const digits = field.toString('latin1').replaceAll(/[\0 ]/g, '');
  return /^[0-7]{0,12}$/.test(digits) ? Number.parseInt(digits || '0', 8) : undefined;
}

function nameOf(header: Buffer): string {
  const text = (start: number, length: number): string =>
    header.toString('utf8', start, start + length).replace(/\0.*$/s, '');
  const prefix = header[262] === 0 || header[263] !== 0x20 ? text(345, 155) : '';
  return `${prefix === '' ? '' : `${prefix}/`}${text(0, 100)}`.replace(/^\.\//, '');
}
