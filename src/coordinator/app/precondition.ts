/** Entity tags (RFC 9110 8.8.3) and If-Match (13.1.1): the tag of a resource is its version in quotes. */
import { Fault } from '#lib';

/** Versions one of which the resource must have; `any` for `*`; undefined without the header. */
export type Precondition = readonly number[] | 'any' | undefined;

const maxTags = 16;

export function writeEntityTag(version: number): string {
  return `"${version}"`;
}

/** Errors: `invalid` for what is not a list of entity tags of ours. Weak tags never match and are left out. */
export function parseIfMatch(header: string | undefined): Precondition {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (text === '*') return 'any';
  const tags = text.split(',').map((tag) => tag.trim());
  if (tags.length > maxTags) throw malformed(text);
  const versions: number[] = [];
  for (const tag of tags) {
    const match = /^(W\/)?"([^"]{0,64})"$/.exec(tag);
    if (!match) throw malformed(text);
    if (match[1] === undefined && /^\d{1,15}$/.test(match[2] ?? ''))
      versions.push(Number(match[2]));
  }
  return versions;
}

function malformed(text: string): Fault {
  return new Fault('invalid', `the header If-Match is wrong: ${text.slice(0, 80)}`, {
    hint: 'send the ETag that was read, for example "3", or *',
  });
}

/** Errors: `stale` naming the thing and its version. */
export function requireMatch(precondition: Precondition, what: string, version: number): void {
  if (precondition === undefined || precondition === 'any' || precondition.includes(version))
    return;
  throw new Fault('stale', `${what} has changed since it was read`, {
    facts: { version },
    hint: 'read it again and repeat the change',
  });
}
