/** Where a page could not be shown: why, and once more, read anew since a browser keeps that a part did not come. */
import { Button, PageSection } from '@patternfly/react-core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { PageTitle } from '../parts/PageTitle.tsx';

export function BrokenPage({ error }: ErrorComponentProps): ReactNode {
  const words = useWords();
  return (
    <PageSection>
      <PageTitle title={words.text('brokenPage')} help={undefined} />
      <FailureAlert
        error={error}
        action={
          <Button variant="link" isInline onClick={() => location.reload()}>
            {words.text('tryAgain')}
          </Button>
        }
      />
    </PageSection>
  );
}
