/** An answer that is encoded once and sent often. */
import { packReturn } from '../procedures/pack.ts';
import type { PlainProcedureName, ReturnOf } from '../procedures/table.ts';
import { Encoded } from '../wire/frame.ts';

/** Errors: `invalid`, `too-large` naming the member that does not fit. */
export function encodeReturn<P extends PlainProcedureName>(
  name: P,
  ret: ReturnOf<P>,
): Encoded<ReturnOf<P>> {
  // Its own bytes alone: what it was written into is larger.
  const bytes = Buffer.from(packReturn(name, ret));
  const lasting = { layout: bytes, sizeBytes: bytes.length, patch: () => undefined };
  return new Encoded((writer) => {
    writer.reserve(bytes.length);
    writer.fixed(bytes);
  }, lasting);
}
