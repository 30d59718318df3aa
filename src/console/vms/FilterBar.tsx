/** A filter in the API's language, sent with the return key. */
import { SearchInput } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { useWords } from '../console.ts';

export function FilterBar({
  filter,
  onFilter,
}: {
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
}): ReactNode {
  const words = useWords();
  const [text, setText] = useState(filter);
  return (
    <SearchInput
      aria-label={words.text('filter')}
      placeholder={words.text('filterExample')}
      submitSearchButtonLabel={words.text('filter')}
      resetButtonLabel={words.text('close')}
      value={text}
      onChange={(_event, value) => setText(value)}
      onSearch={() => onFilter(text.trim())}
      onClear={() => {
        setText('');
        onFilter('');
      }}
    />
  );
}
