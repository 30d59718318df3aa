/**
 * What a question to the server has come to: waiting, failed with a way to ask again, or the answer. An
 * answer stays while the server is away or the session has ended: both pass, and the frame says so.
 */
import { Bullseye, Button, PageSection, Spinner } from '@patternfly/react-core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { isFault } from '#lib';
import { useWords } from '../console.ts';
import { FailureAlert } from './FailureAlert.tsx';

export function Answer<T>({
  question,
  children,
}: {
  readonly question: UseQueryResult<T>;
  readonly children: (answer: T) => ReactNode;
}): ReactNode {
  const words = useWords();
  const stays = question.data !== undefined && passes(question.error);
  if (question.error !== null && !stays)
    return (
      <PageSection>
        <FailureAlert
          error={question.error}
          action={
            <Button variant="link" isInline onClick={() => void question.refetch()}>
              {words.text('tryAgain')}
            </Button>
          }
        />
      </PageSection>
    );
  if (question.data === undefined)
    return (
      <Bullseye>
        <Spinner aria-label={words.text('loading')} />
      </Bullseye>
    );
  return children(question.data);
}

function passes(error: unknown): boolean {
  return (['unavailable', 'timeout', 'unauthenticated'] as const).some((code) =>
    isFault(error, code),
  );
}
