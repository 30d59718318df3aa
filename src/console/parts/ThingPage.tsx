/** The page of one thing: the way back to the things of its kind, its name with what stands beside it, then what it shows. */
import { Breadcrumb, BreadcrumbItem, PageSection } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import type { HelpPlace } from '../manual/help.ts';
import { PageTitle } from './PageTitle.tsx';

/** The kinds of things that have pages; each has its list at `/KIND`. */
const kinds = {
  vms: 'virtualMachines',
  teams: 'teams',
  hosts: 'hosts',
  networks: 'networks',
  images: 'images',
} as const;

export function ThingPage({
  kind,
  name,
  help,
  side,
  children,
}: {
  readonly kind: keyof typeof kinds;
  readonly name: string;
  /** On what is open of it. */
  readonly help: HelpPlace;
  /** Its state and its menu. */
  readonly side: ReactNode;
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords();
  return (
    <>
      <PageSection>
        <Breadcrumb>
          <BreadcrumbItem
            render={({ className }) => (
              <Link className={className} to={`/${kind}`}>
                {words.text(kinds[kind])}
              </Link>
            )}
          />
          <BreadcrumbItem isActive>{name}</BreadcrumbItem>
        </Breadcrumb>
      </PageSection>
      <PageTitle title={name} help={help}>
        <span className="title-side">{side}</span>
      </PageTitle>
      {children}
    </>
  );
}
