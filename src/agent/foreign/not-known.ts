/** What a driver of libvirt's answers to what it has not. */
import { isFault } from '#lib';
import { libvirtFacts } from '#libvirt';

/** The driver does not know the flag or the call. */
export function isNotKnown(error: unknown): boolean {
  if (!isFault(error)) return false;
  const name = libvirtFacts(error)?.name;
  return name === 'INVALID_ARG' || name === 'NO_SUPPORT' || name === 'ARGUMENT_UNSUPPORTED';
}
