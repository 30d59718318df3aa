/** Work in progress and work done, newest first. */
import { PageSection } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { OperationTable } from './OperationTable.tsx';

export function OperationsPage(): ReactNode {
  return (
    <>
      <PageTitle title={useWords().text('operations')} />
      <PageSection isFilled>
        <OperationTable filter={undefined} />
      </PageSection>
    </>
  );
}
