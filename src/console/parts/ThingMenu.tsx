/** The menu of a thing: three dots in a row of a list, a button on its page or in a bar. */
import { Dropdown, DropdownList, MenuToggle } from '@patternfly/react-core';
import { EllipsisVIcon } from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon';
import { useState, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { mainPart } from './main-part.ts';

const variants = { row: 'plain', page: 'primary', bar: 'secondary' } as const;

export function ThingMenu({
  name,
  look,
  onOpen,
  children,
}: {
  /** Of the thing. */
  readonly name: string;
  readonly look: keyof typeof variants;
  /** What it holds is asked for when it is open. */
  readonly onOpen?: (open: boolean) => void;
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords();
  const [open, setOpen] = useState(false);
  const label = words.text('actionsOf', { name });
  const turn = (to: boolean): void => {
    setOpen(to);
    onOpen?.(to);
  };
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={turn}
      onSelect={() => turn(false)}
      // What a dialog gives the focus back to is still there.
      shouldFocusToggleOnSelect
      isScrollable
      maxMenuHeight="min(70vh, 22rem)"
      popperProps={{ position: 'right', appendTo: mainPart }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          variant={variants[look]}
          isExpanded={open}
          onClick={() => turn(!open)}
          aria-label={label}
          {...(look === 'row' ? { icon: <EllipsisVIcon /> } : {})}
        >
          {look === 'row' ? undefined : words.text('actions')}
        </MenuToggle>
      )}
    >
      <DropdownList aria-label={label}>{children}</DropdownList>
    </Dropdown>
  );
}
