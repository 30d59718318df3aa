/** Name and description of a snapshot. */
import { FormGroup, TextArea, TextInput } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../../console.ts';
import { useSnapshotText } from './words.ts';

export interface Naming {
  readonly name: string;
  readonly description: string;
}

export function NameFields({
  value,
  onValue,
}: {
  readonly value: Naming;
  readonly onValue: (value: Naming) => void;
}): ReactNode {
  const words = useWords();
  const text = useSnapshotText();
  return (
    <>
      <FormGroup label={words.text('name')} fieldId="snapshot-name" isRequired>
        <TextInput
          id="snapshot-name"
          autoFocus
          autoComplete="off"
          isRequired
          maxLength={100}
          value={value.name}
          onChange={(_event, name) => onValue({ ...value, name })}
        />
      </FormGroup>
      <FormGroup label={text('description')} fieldId="snapshot-description">
        <TextArea
          id="snapshot-description"
          resizeOrientation="vertical"
          maxLength={4096}
          value={value.description}
          onChange={(_event, description) => onValue({ ...value, description })}
        />
      </FormGroup>
    </>
  );
}
