/** The title of a domain, as what it changes of a vm. */
import type { Vm } from '#api';
import { titleKey } from '#foreign';
import { titleOf } from '../domain-xml/title.ts';
import { requireTitle } from './define/wish.ts';

/** A merge patch of extensions, empty where it is the same. Errors: XML_ERROR. */
export function titlePatch(
  vm: Pick<Vm, 'definition'>,
  title: string | undefined,
): Readonly<Record<string, unknown>> {
  const wanted = title === '' ? undefined : title;
  if (wanted === titleOf(vm.definition)) return {};
  if (wanted !== undefined) requireTitle(wanted);
  return { [titleKey]: wanted ?? null };
}
