/**
 * Fields that answers got later than their kind, with what readers take where a coordinator of before does not send them: a
 * command line is often newer than what runs, since its tree was renewed meanwhile. Whoever adds a field that is always there to
 * an answer names it here, if there is something that can be taken for it.
 */
import type { Vm } from './vm/vm.ts';

type Of<T> = { readonly [F in keyof T]?: (thing: T) => T[F] };

const laterFields: { readonly vm: Of<Vm> } = {
  vm: {
    standing: ({ state }) => (state === 'unknown' ? 'host-unreachable' : state),
    template: () => false,
    hypervisor: () => 'unknown',
    uuid: ({ id }) => id,
    subKind: () => 'machine',
  },
};

/** The answer with what it lacks: a thing, or a page of things. The same object where it lacks nothing. */
export function withLaterFields(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer;
  if ('items' in answer && Array.isArray(answer.items)) {
    const items = answer.items.map(complete);
    const lacked = items.some((item, index) => item !== (answer.items as unknown[])[index]);
    return lacked ? { ...answer, items } : answer;
  }
  return complete(answer);
}

function complete(thing: unknown): unknown {
  if (typeof thing !== 'object' || thing === null || !('kind' in thing)) return thing;
  if (thing.kind !== 'vm' || !('definition' in thing)) return thing;
  const missing = Object.entries(laterFields.vm).filter(([field]) => !(field in thing));
  if (missing.length === 0) return thing;
  const given = missing.map(([field, take]) => [field, take(thing as Vm)] as const);
  return { ...thing, ...Object.fromEntries(given) };
}
