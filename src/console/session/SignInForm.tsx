/** Sign-in by name and password. */
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

export function SignInForm({
  user,
  fault,
}: {
  readonly user: string;
  readonly fault: unknown;
}): ReactNode {
  const { session } = useConsole();
  const words = useWords();
  const [name, setName] = useState(user);
  const [password, setPassword] = useState('');
  const [failure, setFailure] = useState<unknown>(fault);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await session.signIn({ means: 'password', user: name, password });
    } catch (error) {
      setFailure(error);
      setPassword('');
      setBusy(false);
    }
  };
  return (
    <Form onSubmit={(event) => void submit(event)}>
      {failure !== undefined && <FailureAlert error={failure} />}
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
      <ActionGroup>
        <Button
          type="submit"
          isBlock
          isLoading={busy}
          isDisabled={busy || name === '' || password === ''}
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
