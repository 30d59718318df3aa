/** Name and description of a snapshot. */
import { FormGroup, TextArea } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { NameField } from '../../parts/NameField.tsx';
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
  const text = useSnapshotText();
  return (
    <>
      <NameField
        id="snapshot-name"
        value={value.name}
        onValue={(name) => onValue({ ...value, name })}
      />
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
