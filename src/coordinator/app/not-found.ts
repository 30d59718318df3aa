/** The one answer for what is not there and for what may not be seen. */
import { Fault } from '#lib';
import type { Kind } from '#api';
import type { Caller } from '../context.ts';
import type { Namesake } from '../inventory/inventory.ts';

const maxShownLength = 100;
const maxNamed = 10;

/** With namesakes, of those that the caller may see: which of them is meant must be said. */
export function notFound(
  kind: Kind,
  reference: string,
  namesakes: readonly Namesake[] = [],
): Fault {
  const said = reference.slice(0, maxShownLength);
  if (namesakes.length === 0)
    return new Fault('not-found', `there is no ${kind} ${said}`, {
      hint: `look at: gantry ${kind} list`,
    });
  const names = namesakes.slice(0, maxNamed).map(({ name }) => name);
  const more = namesakes.length - names.length;
  const listed = more > 0 ? [...names, `${more} more`] : names;
  return new Fault('not-found', `${said} can be ${listed.join(', ')}`, {
    facts: { names },
    hint: `name the ${kind} with its host, or give its id`,
  });
}

export function seenOf(caller: Caller, namesakes: readonly Namesake[] = []): readonly Namesake[] {
  return namesakes.filter(({ id }) => caller.may('vm.view', { kind: 'vm', id }));
}
