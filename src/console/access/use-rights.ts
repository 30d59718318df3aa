/**
 * What the signed-in person may do on a thing, by the contract's own table: the right that a route takes, and on what.
 * Menus, the palette and buttons of pages grey with it what would be refused, and say which right is missing (GRP-25).
 */
import { useQuery } from '@tanstack/react-query';
import {
  routes,
  type CallInput,
  type HeldRights,
  type Route,
  type RouteName,
  type Verb,
} from '#api';
import { useConsole, useWords } from '../console.ts';
import { lacking, type AskedOn } from './lacking.ts';

export interface Rights {
  /** Why a route would be refused to the person; undefined where it would not, or as long as that is not known. */
  readonly whyNot: (route: RouteName) => string | undefined;
  /** The same of a right on the thing itself. */
  readonly whyLacking: (verb: Verb) => string | undefined;
  /** The same where many things are listed: of a right that the person has on none at all. */
  readonly whyNowhere: (verb: Verb) => string | undefined;
  /** Whether it is known. */
  readonly settled: boolean;
}

const table: Readonly<Record<RouteName, Route>> = routes;

/** On the thing, or without one on the installation; asked once for all who want it at the same time. */
export function useRights(on: AskedOn = {}, how: { readonly enabled: boolean } = always): Rights {
  const { client } = useConsole();
  const words = useWords();
  const query: CallInput<'right.held'>['query'] = on;
  const { data, isPending } = useQuery({
    queryKey: ['right.held', on],
    enabled: how.enabled,
    // Roles change while nobody looks.
    staleTime: 5000,
    queryFn: ({ signal }) => client.call('right.held', { query }, signal),
  });
  const tell = (right: Verb | undefined): string | undefined =>
    right === undefined ? undefined : words.text('lacksRight', { right });
  // Until it is known nothing is greyed: the server judges anyway.
  const known = <T>(judge: (held: HeldRights) => T): T | undefined =>
    data === undefined ? undefined : judge(data);
  return {
    whyNot: (route) => tell(known((held) => lacking(table[route], on, held))),
    whyLacking: (verb) => tell(known(({ verbs }) => (verbs.includes(verb) ? undefined : verb))),
    whyNowhere: (verb) =>
      tell(known(({ anywhere }) => (anywhere.includes(verb) ? undefined : verb))),
    settled: !how.enabled || !isPending,
  };
}

const always = { enabled: true };
