/** The size of a disk, as it is typed. */
import { FormGroup, TextInput } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useDiskText } from './disk-words.ts';

export function SizeField({
  sizeMiB,
  onSize,
}: {
  readonly sizeMiB: number;
  readonly onSize: (sizeMiB: number) => void;
}): ReactNode {
  const text = useDiskText();
  return (
    <FormGroup label={text('sizeMiB')} fieldId="disk-size" isRequired>
      <TextInput
        id="disk-size"
        type="number"
        min={1}
        step="any"
        isRequired
        value={sizeMiB}
        onChange={(_event, to) => onSize(Number(to))}
      />
    </FormGroup>
  );
}
