/** The second factor that a group asks for: the secret for an app, and a code of it to confirm. */
import {
  ActionGroup,
  Button,
  ClipboardCopy,
  Form,
  FormGroup,
  Spinner,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { OneTimeCodeField } from './OneTimeCodeField.tsx';

export function SetUpSecondFactor(): ReactNode {
  const { client, session } = useConsole();
  const words = useWords();
  const [oneTimeCode, setOneTimeCode] = useState('');
  const [failure, setFailure] = useState<unknown>(undefined);
  const begun = useQuery({
    queryKey: ['session.second-factor.begin'],
    gcTime: 0,
    queryFn: ({ signal }) => client.call('session.second-factor.begin', { body: {} }, signal),
  });
  const confirm = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    try {
      await session.confirmSecondFactor(oneTimeCode);
    } catch (error) {
      setFailure(error);
      setOneTimeCode('');
    }
  };
  if (begun.error !== null) return <FailureAlert error={begun.error} />;
  if (begun.data === undefined) return <Spinner aria-label={words.text('loading')} />;
  const { secret, uri } = begun.data;
  return (
    <Form onSubmit={(event) => void confirm(event)}>
      <p>{words.text('secondFactorWhy')}</p>
      {failure !== undefined && <FailureAlert error={failure} />}
      <FormGroup label={words.text('secondFactorSecret')} fieldId="second-factor-secret">
        <ClipboardCopy
          isReadOnly
          hoverTip={words.text('copy')}
          clickTip={words.text('copied')}
          textAriaLabel={words.text('secondFactorSecret')}
        >
          {secret}
        </ClipboardCopy>
      </FormGroup>
      <Button variant="link" isInline component="a" href={uri}>
        {words.text('openInApp')}
      </Button>
      <OneTimeCodeField value={oneTimeCode} onValue={setOneTimeCode} />
      <ActionGroup>
        <Button type="submit" isBlock isDisabled={oneTimeCode.length !== 6}>
          {words.text('confirm')}
        </Button>
      </ActionGroup>
    </Form>
  );
}
