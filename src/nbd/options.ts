/** Data of the options of the handshake, parsed (proto.md, "Option types"). Undefined: malformed. */
import { maxNameBytes } from './limits.ts';

const maxQueries = 64;

/** A length of four bytes and as many bytes of UTF-8. */
function readText(
  data: Buffer,
  at: number,
): { readonly text: string; readonly end: number } | undefined {
  if (at + 4 > data.length) return undefined;
  const length = data.readUInt32BE(at);
  const end = at + 4 + length;
  if (length > maxNameBytes || end > data.length) return undefined;
  return { text: data.toString('utf8', at + 4, end), end };
}

/** NBD_OPT_INFO and NBD_OPT_GO: the name; what a client asks to be told beside it is told anyway. */
export function parseInfo(data: Buffer): { readonly name: string } | undefined {
  const name = readText(data, 0);
  if (name === undefined || name.end + 2 > data.length) return undefined;
  const count = data.readUInt16BE(name.end);
  return name.end + 2 + count * 2 === data.length ? { name: name.text } : undefined;
}

/** NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT. */
export function parseMetaContext(
  data: Buffer,
): { readonly name: string; readonly queries: readonly string[] } | undefined {
  const name = readText(data, 0);
  if (name === undefined || name.end + 4 > data.length) return undefined;
  const count = data.readUInt32BE(name.end);
  if (count > maxQueries) return undefined;
  const queries: string[] = [];
  let at = name.end + 4;
  for (let index = 0; index < count; index += 1) {
    const query = readText(data, at);
    if (query === undefined) return undefined;
    queries.push(query.text);
    at = query.end;
  }
  return at === data.length ? { name: name.text, queries } : undefined;
}
