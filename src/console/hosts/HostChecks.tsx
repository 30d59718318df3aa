/** The checks of a host: each with its result, the evidence and the remedy; asked for when they are looked at. */
import { Button, PageSection, Stack, StackItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Host } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { FindingList } from '../parts/FindingList.tsx';

export function HostChecks({ host }: { readonly host: Host }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const question = useQuery({
    queryKey: ['host.diagnose', host.id],
    staleTime: 0,
    gcTime: 0,
    queryFn: ({ signal }) => client.call('host.diagnose', { params: { host: host.id } }, signal),
  });
  return (
    <PageSection isFilled>
      <Stack hasGutter>
        <Answer question={question}>{({ findings }) => <FindingList findings={findings} />}</Answer>
        <StackItem>
          <Button
            variant="secondary"
            isLoading={question.isFetching}
            onClick={() => void question.refetch()}
          >
            {words.text('checkAgain')}
          </Button>
        </StackItem>
      </Stack>
    </PageSection>
  );
}
