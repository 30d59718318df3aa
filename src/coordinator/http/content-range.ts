/**
 * Which part of a content is asked for (RFC 9110 13.1.5, 14): one range of bytes. What is not understood, several ranges among it,
 * is answered with the whole, as the RFC allows.
 */
export interface ContentPart {
  readonly offset: number;
  readonly length: number;
}

export interface RangeAsked {
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/** `whole`, one part, or `beyond` where the content ends before it. `tag` is an entity tag with its quotes. */
export function chooseRange(
  { range, ifRange }: RangeAsked,
  tag: string,
  sizeBytes: number,
): 'whole' | 'beyond' | ContentPart {
  if (range === undefined || (ifRange !== undefined && ifRange !== tag)) return 'whole';
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(range);
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return 'whole';
  if (first === '') return lastBytes(Number(last), sizeBytes);
  const offset = Number(first);
  if (last !== '' && Number(last) < offset) return 'whole';
  if (offset >= sizeBytes) return 'beyond';
  const end = last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  return { offset, length: end - offset };
}

function lastBytes(count: number, sizeBytes: number): 'beyond' | ContentPart {
  const length = Math.min(count, sizeBytes);
  return length === 0 ? 'beyond' : { offset: sizeBytes - length, length };
}

/** The header Content-Range. */
export function writeContentRange(part: 'beyond' | ContentPart, sizeBytes: number): string {
  if (part === 'beyond') return `bytes */${sizeBytes}`;
  return `bytes ${part.offset}-${part.offset + part.length - 1}/${sizeBytes}`;
}
