/** Which right a person lacks for a route, as the coordinator judges it before it does anything. Pure. */
import type { HeldRights, Route, Verb } from '#api';

/** What was asked about, by id; nothing: the installation. */
export interface AskedOn {
  readonly vm?: string;
  readonly host?: string;
  readonly image?: string;
  readonly folder?: string;
  readonly team?: string;
}

/** Undefined where none is lacking. */
export function lacking(
  { right, on, anywhere }: Pick<Route, 'right' | 'on' | 'anywhere'>,
  asked: AskedOn,
  held: HeldRights,
): Verb | undefined {
  if (right === 'public' || right === 'self' || right === 'agent') return undefined;
  const counts =
    on !== undefined && on in asked
      ? held.verbs
      : anywhere === true
        ? held.anywhere
        : held.installation;
  return counts.includes(right) ? undefined : right;
}
