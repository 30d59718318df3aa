/** The folder in which a thing is filed: one of those that the person sees. */
import { FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { useList } from './ask.ts';

export function FolderField({
  id,
  value,
  onValue,
}: {
  readonly id: string;
  /** A path. */
  readonly value: string;
  readonly onValue: (path: string) => void;
}): ReactNode {
  const words = useWords();
  const folders = useList('folder.list', { sort: 'path', limit: 1000 });
  const paths = folders.data?.items.map(({ path }) => path) ?? [];
  return (
    <FormGroup label={words.text('folder')} fieldId={id}>
      <FormSelect id={id} value={value} onChange={(_event, path) => onValue(path)}>
        {[...new Set([value, ...paths])].sort().map((path) => (
          <FormSelectOption key={path} value={path} label={path} />
        ))}
      </FormSelect>
    </FormGroup>
  );
}
