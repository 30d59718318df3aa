/** What a console offers beside its menus: a button each, and where the window is a phone's, one menu of them all. */
import { Button, Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { useNarrow } from '../parts/use-narrow.ts';
import { useVmText } from './words/vm-words.ts';

export type ConsoleTool = {
  readonly title: string;
  /** Of what is on or off. */
  readonly pressed?: boolean;
} & ({ readonly act: () => void } | { readonly href: string });

export function ConsoleTools({ tools }: { readonly tools: readonly ConsoleTool[] }): ReactNode {
  const narrow = useNarrow();
  if (narrow) return <ToolMenu tools={tools} />;
  return tools.map((tool) =>
    'href' in tool ? (
      <Button key={tool.title} variant="secondary" component="a" href={tool.href} target="_blank">
        {tool.title}
      </Button>
    ) : (
      <Button
        key={tool.title}
        variant="secondary"
        {...(tool.pressed === undefined ? {} : { 'aria-pressed': tool.pressed })}
        onClick={tool.act}
      >
        {tool.title}
      </Button>
    ),
  );
}

function ToolMenu({ tools }: { readonly tools: readonly ConsoleTool[] }): ReactNode {
  const text = useVmText();
  const [open, setOpen] = useState(false);
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      // What a dialog gives the focus back to is still there.
      shouldFocusToggleOnSelect
      popperProps={{ appendTo: 'inline' }}
      toggle={(ref) => (
        <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)}>
          {text('consoleMore')}
        </MenuToggle>
      )}
    >
      <DropdownList aria-label={text('consoleMore')}>
        {tools.map((tool) =>
          'href' in tool ? (
            <DropdownItem key={tool.title} to={tool.href} target="_blank">
              {tool.title}
            </DropdownItem>
          ) : (
            <DropdownItem key={tool.title} isSelected={tool.pressed === true} onClick={tool.act}>
              {tool.title}
            </DropdownItem>
          ),
        )}
      </DropdownList>
    </Dropdown>
  );
}
