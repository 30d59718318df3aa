/** The one answer for what is not there and for what may not be seen. */
import { Fault } from '#lib';
import type { Kind } from '#api';

const maxShownLength = 100;

export function notFound(kind: Kind, reference: string): Fault {
  return new Fault('not-found', `there is no ${kind} ${reference.slice(0, maxShownLength)}`, {
    hint: `look at: gantry ${kind} list`,
  });
}
