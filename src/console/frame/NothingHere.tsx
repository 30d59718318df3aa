/** An address that leads nowhere. */
import { EmptyState, EmptyStateBody } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';

export function NothingHere(): ReactNode {
  const words = useWords();
  return (
    <EmptyState titleText={words.text('notFound')} headingLevel="h1">
      <EmptyStateBody>
        <Link to="/vms">{words.text('virtualMachines')}</Link>
      </EmptyStateBody>
    </EmptyState>
  );
}
