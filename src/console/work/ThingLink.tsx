/** The name of a thing, with the way to it where it has a page. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Kind, Thing } from '#api';
import { useWords } from '../console.ts';

const pages: Readonly<Partial<Record<Kind, string>>> = {
  vm: '/vms',
  host: '/hosts',
  image: '/images',
  team: '/teams',
  network: '/networks',
};

export function ThingLink({ thing }: { readonly thing: Thing }): ReactNode {
  const words = useWords();
  if (thing.kind === 'installation') return words.told(thing.name);
  const page = pages[thing.kind];
  return page === undefined ? thing.name : <Link to={`${page}/${thing.id}`}>{thing.name}</Link>;
}
