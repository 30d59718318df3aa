/** The answer to CONNECT_LIST_ALL_DOMAINS, made of handles that are encoded once. */
import { domain, type DomainHandle } from '../procedures/handle.ts';
import type { ReturnOf } from '../procedures/table.ts';
import { compile } from '../wire/codec.ts';
import { Encoded } from '../wire/frame.ts';
import { XdrWriter } from '../wire/xdr.ts';

const maxHandleBytes = 4 * 1024;
const codec = compile(domain, 'domains[]');

/** A byte each character, as Latin-1 has it. Errors: `invalid` for what the wire does not carry. */
export function encodeHandle(dom: DomainHandle): string {
  const writer = new XdrWriter(0, maxHandleBytes);
  codec.write(writer, dom);
  return writer.finish().toString('latin1');
}

/** May be sent as often as it is right. */
export function encodeDomainList(
  handles: readonly string[],
): Encoded<ReturnOf<'CONNECT_LIST_ALL_DOMAINS'>> {
  const countBytes = 4;
  const sizeBytes = handles.reduce((sum, { length }) => sum + length, 2 * countBytes);
  const write = (writer: XdrWriter): void => {
    writer.reserve(sizeBytes);
    writer.uint(handles.length);
    for (const handle of handles) writer.encoded(handle);
    writer.uint(handles.length);
  };
  return new Encoded(write, { layout: handles, sizeBytes, patch: () => undefined });
}
