/** The menu of a thing: three dots in a row of a list, a button on its page. */
import { Dropdown, DropdownList, MenuToggle } from '@patternfly/react-core';
import { EllipsisVIcon } from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon';
import { useState, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { mainPart } from './main-part.ts';

export function ThingMenu({
  name,
  look,
  children,
}: {
  /** Of the thing. */
  readonly name: string;
  readonly look: 'row' | 'page';
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords();
  const [open, setOpen] = useState(false);
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      shouldFocusToggleOnSelect
      popperProps={{ position: 'right', appendTo: mainPart }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          variant={look === 'row' ? 'plain' : 'primary'}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          aria-label={words.text('actionsOf', { name })}
          {...(look === 'row' ? { icon: <EllipsisVIcon /> } : {})}
        >
          {look === 'page' ? words.text('actions') : undefined}
        </MenuToggle>
      )}
    >
      <DropdownList>{children}</DropdownList>
    </Dropdown>
  );
}
