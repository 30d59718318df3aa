/** Sign-in by name and password, or by a link; with the code of a second factor where the server asks for one. */
import {
  ActionGroup,
  Button,
  Form,
  FormGroup,
  HelperText,
  HelperTextItem,
  TextInput,
} from '@patternfly/react-core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { OneTimeCodeField } from './OneTimeCodeField.tsx';
import { wantsOneTimeCode } from './session.ts';

export function SignInForm({
  user,
  fault,
  linkCode,
}: {
  readonly user: string;
  readonly fault: unknown;
  /** Signs in by this link, for which only the second factor is missing. */
  readonly linkCode?: string | undefined;
}): ReactNode {
  const { session } = useConsole();
  const words = useWords();
  const [name, setName] = useState(user);
  const [password, setPassword] = useState('');
  const [oneTimeCode, setOneTimeCode] = useState('');
  const [wanted, setWanted] = useState(wantsOneTimeCode(fault));
  const [failure, setFailure] = useState<unknown>(fault);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const second = oneTimeCode === '' ? {} : { oneTimeCode };
      await session.signIn(
        linkCode === undefined
          ? { means: 'password', user: name, password, ...second }
          : { means: 'link', code: linkCode, ...second },
      );
    } catch (error) {
      setFailure(error);
      setOneTimeCode('');
      // A password that was right is not asked for again.
      if (wantsOneTimeCode(error)) setWanted(true);
      else setPassword('');
      setBusy(false);
    }
  };
  return (
    <Form onSubmit={(event) => void submit(event)}>
      {failure !== undefined && <FailureAlert error={failure} />}
      {linkCode === undefined && (
        <>
          <FormGroup label={words.text('user')} fieldId="user" isRequired>
            <TextInput
              id="user"
              name="user"
              autoComplete="username"
              autoFocus={user === ''}
              isRequired
              value={name}
              onChange={(_event, value) => setName(value)}
            />
          </FormGroup>
          <FormGroup label={words.text('password')} fieldId="password" isRequired>
            <TextInput
              id="password"
              name="password"
              type="password"
              autoComplete="current-password"
              autoFocus={user !== ''}
              isRequired
              value={password}
              onChange={(_event, value) => setPassword(value)}
            />
          </FormGroup>
        </>
      )}
      {wanted && <OneTimeCodeField value={oneTimeCode} onValue={setOneTimeCode} />}
      <ActionGroup>
        <Button
          type="submit"
          isBlock
          isLoading={busy}
          isDisabled={
            busy ||
            (wanted && oneTimeCode.length !== 6) ||
            (linkCode === undefined && (name === '' || password === ''))
          }
        >
          {words.text('signIn')}
        </Button>
      </ActionGroup>
      <HelperText>
        <HelperTextItem>{words.text('signInHint')}</HelperTextItem>
      </HelperText>
    </Form>
  );
}
