/** The name of a thing: the first field of the form in which it is given one. */
import { FormGroup, TextInput } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';

export function NameField({
  id,
  value,
  onValue,
}: {
  readonly id: string;
  readonly value: string;
  readonly onValue: (name: string) => void;
}): ReactNode {
  const words = useWords();
  return (
    <FormGroup label={words.text('name')} fieldId={id} isRequired>
      <TextInput
        id={id}
        autoFocus
        autoComplete="off"
        isRequired
        maxLength={100}
        value={value}
        onChange={(_event, name) => onValue(name)}
      />
    </FormGroup>
  );
}
