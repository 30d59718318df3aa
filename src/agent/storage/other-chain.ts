/** A disk that is served leads to other files than the record of its machine has (served-chains.ts), as it is said. */
import { Fault, type Reason } from '#lib';

export interface OtherChain {
  /** Of the disk's own file, absolute. */
  readonly path: string;
  /** Files that it leads to by now, or does not any more, absolute. */
  readonly added: readonly string[];
  readonly missing: readonly string[];
}

/** `what`: the disk, as a reason calls it. */
export function reasonOfOther(what: string, { added, missing }: OtherChain): Reason {
  const [more] = added;
  const [less] = missing;
  const text =
    more !== undefined
      ? `${what} leads to ${more} by now, and did not when the vm got it`
      : less !== undefined
        ? `${what} does not lead to ${less} any more, and did when the vm got it`
        : `${what} has its files in another order than when the vm got it`;
  const remedy = 'if that was meant, detach it and attach it again; or make one disk of all';
  return { code: 'disk-parent', text, remedy };
}

/** `path`: the disk's own file. */
export function refusedForOther(other: OtherChain): Fault {
  const { path } = other;
  const reason = reasonOfOther(path, other);
  const { text, remedy } = reason;
  const reasons = [reason];
  return new Fault('refused', text, { hint: remedy, facts: { file: path }, reasons });
}
