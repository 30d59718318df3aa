/** What a hypervisor says against something, in its own words, as whoever asks for its own functions knows them. */
import { Fault, isFault } from '#lib';
import { libvirtFacts } from '#libvirt';

/** Throws the hypervisor's own fault; all others as they are. */
export function asToldThere(error: unknown): never {
  if (!isFault(error) || libvirtFacts(error) === undefined) throw error;
  const { cause, code, facts } = error;
  throw cause instanceof Error ? new Fault(code, cause.message, { facts }) : error;
}
