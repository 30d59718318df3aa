/** Files of this computer, chosen in the browser's own way. */
import { FormGroup, List, ListItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../../console.ts';

export function FilesField({
  id,
  label,
  files,
  onFiles,
}: {
  readonly id: string;
  readonly label: string;
  readonly files: readonly File[];
  readonly onFiles: (files: readonly File[]) => void;
}): ReactNode {
  const words = useWords();
  return (
    <FormGroup label={label} fieldId={id}>
      <input
        id={id}
        type="file"
        multiple
        onChange={({ currentTarget }) => onFiles([...(currentTarget.files ?? [])])}
      />
      {files.length > 1 && (
        <List isPlain>
          {files.map(({ name, size }) => (
            <ListItem key={name}>{`${name} – ${words.bytes(size)}`}</ListItem>
          ))}
        </List>
      )}
    </FormGroup>
  );
}
