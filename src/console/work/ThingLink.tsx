/** The name of a thing; of a vm, with the way to it. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Thing } from '#api';

export function ThingLink({ thing }: { readonly thing: Thing }): ReactNode {
  if (thing.kind !== 'vm') return thing.name;
  return (
    <Link to="/vms/$vm" params={{ vm: thing.id }}>
      {thing.name}
    </Link>
  );
}
