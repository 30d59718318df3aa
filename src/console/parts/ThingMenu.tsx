/** The menu of a thing: three dots in a row of a list, a button on its page or in a bar. It ends with what every thing has. */
import { Divider, Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { EllipsisVIcon } from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { AttributesPlace } from '../attributes/place.ts';
import { useWords } from '../console.ts';
import type { HelpPlace } from '../manual/help.ts';
import { mainPart } from './main-part.ts';

const variants = { row: 'plain', page: 'primary', bar: 'secondary' } as const;

export function ThingMenu({
  name,
  look,
  help,
  attributes,
  onOpen,
  children,
}: {
  /** Of the thing. */
  readonly name: string;
  readonly look: keyof typeof variants;
  /** On its kind. */
  readonly help: HelpPlace;
  /** Left out of what is a part of a thing, whose attributes it is among. */
  readonly attributes?: AttributesPlace;
  /** What it holds is asked for when it is open. */
  readonly onOpen?: (open: boolean) => void;
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
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
      <DropdownList aria-label={label}>
        {children}
        <Divider component="li" />
        {attributes !== undefined && (
          <DropdownItem
            onClick={() => void navigate({ to: '/attributes', search: { ...attributes } })}
          >
            {words.text('objectAttributes')}
          </DropdownItem>
        )}
        <DropdownItem onClick={() => void navigate({ href: `/docs/${help}` })}>
          {words.text('help')}
        </DropdownItem>
      </DropdownList>
    </Dropdown>
  );
}
