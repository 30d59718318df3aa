/** Which columns a list shows; remembered by whoever asks. */
import { MenuToggle, Select, SelectList, SelectOption } from '@patternfly/react-core';
import { ColumnsIcon } from '@patternfly/react-icons/dist/esm/icons/columns-icon';
import { useState, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { mainPart } from '../parts/main-part.ts';

export function ColumnChooser({
  columns,
  chosen,
  onChoose,
}: {
  readonly columns: readonly { readonly key: string; readonly label: string }[];
  readonly chosen: readonly string[];
  readonly onChoose: (keys: readonly string[]) => void;
}): ReactNode {
  const words = useWords();
  const [open, setOpen] = useState(false);
  const toggle = (key: string): void => {
    const next = columns
      .map((column) => column.key)
      .filter((one) => (one === key ? !chosen.includes(key) : chosen.includes(one)));
    if (next.length > 0) onChoose(next);
  };
  return (
    <Select
      role="menu"
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={(_event, key) => toggle(String(key))}
      popperProps={{ position: 'right', appendTo: mainPart }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          variant="plain"
          isExpanded={open}
          onClick={() => setOpen(!open)}
          aria-label={words.text('columns')}
          icon={<ColumnsIcon />}
        />
      )}
    >
      <SelectList aria-label={words.text('columns')}>
        {columns.map(({ key, label }) => (
          <SelectOption key={key} value={key} hasCheckbox isSelected={chosen.includes(key)}>
            {label}
          </SelectOption>
        ))}
      </SelectList>
    </Select>
  );
}
