/** The first password, chosen after the sign-in by link. The server judges it; here only that both are one. */
import {
  ActionGroup,
  Button,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextInput,
} from '@patternfly/react-core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';

export function ChoosePassword({ user }: { readonly user: string }): ReactNode {
  const { session } = useConsole();
  const words = useWords();
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [failure, setFailure] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const differ = again !== '' && again !== password;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await session.choosePassword(password);
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Form onSubmit={(event) => void submit(event)}>
      <p>{words.text('choosePasswordWhy')}</p>
      {failure !== undefined && <FailureAlert error={failure} />}
      {/* for password managers */}
      <input hidden readOnly name="user" autoComplete="username" value={user} />
      <FormGroup label={words.text('password')} fieldId="password" isRequired>
        <TextInput
          id="password"
          type="password"
          autoComplete="new-password"
          autoFocus
          isRequired
          minLength={12}
          aria-describedby="password-hint"
          value={password}
          onChange={(_event, value) => setPassword(value)}
        />
        <FormHelperText>
          <HelperText id="password-hint">
            <HelperTextItem>{words.text('oldPasswordHint')}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
      <FormGroup label={words.text('repeatPassword')} fieldId="again" isRequired>
        <TextInput
          id="again"
          type="password"
          autoComplete="new-password"
          isRequired
          validated={differ ? 'error' : 'default'}
          aria-describedby="again-hint"
          value={again}
          onChange={(_event, value) => setAgain(value)}
        />
        <FormHelperText>
          <HelperText id="again-hint" isLiveRegion>
            {differ && (
              <HelperTextItem variant="error">{words.text('passwordsDiffer')}</HelperTextItem>
            )}
          </HelperText>
        </FormHelperText>
      </FormGroup>
      <ActionGroup>
        <Button
          type="submit"
          isBlock
          isLoading={busy}
          isDisabled={busy || password === '' || again !== password}
        >
          {words.text('choosePassword')}
        </Button>
      </ActionGroup>
    </Form>
  );
}
