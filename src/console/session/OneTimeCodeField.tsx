/** The six digits of an authenticator app (RFC 6238). */
import {
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextInput,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';

export function OneTimeCodeField({
  value,
  onValue,
}: {
  readonly value: string;
  readonly onValue: (value: string) => void;
}): ReactNode {
  const words = useWords();
  return (
    <FormGroup label={words.text('oneTimeCode')} fieldId="one-time-code" isRequired>
      <TextInput
        id="one-time-code"
        autoFocus
        autoComplete="one-time-code"
        inputMode="numeric"
        maxLength={6}
        isRequired
        aria-describedby="one-time-code-hint"
        value={value}
        onChange={(_event, typed) => onValue(typed.replaceAll(/\D/g, ''))}
      />
      <FormHelperText>
        <HelperText id="one-time-code-hint">
          <HelperTextItem>{words.text('oneTimeCodeHint')}</HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
