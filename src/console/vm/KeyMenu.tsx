/** Key combinations that the browser or its system would keep for itself, pressed in the guest. */
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole } from '../console.ts';
import { useVmText } from './words/vm-words.ts';

const combinations = [
  'ctrl-alt-delete',
  'ctrl-alt-backspace',
  ...Array.from({ length: 12 }, (_, i) => `ctrl-alt-f${i + 1}`),
  'print',
  'alt-tab',
  'alt-f4',
  'esc',
] as const;

export function KeyMenu({
  vm,
  onDone,
}: {
  readonly vm: Vm;
  readonly onDone: () => void;
}): ReactNode {
  const { client, notices } = useConsole();
  const text = useVmText();
  const [open, setOpen] = useState(false);
  const press = async (keys: string): Promise<void> => {
    setOpen(false);
    onDone();
    try {
      await client.call('vm.keys', { params: { vm: vm.id }, body: { keys: [keys] } });
    } catch (error) {
      notices.fail(text('keys'), error);
    }
  };
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      isScrollable
      popperProps={{ appendTo: 'inline' }}
      toggle={(ref) => (
        <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)}>
          {text('keys')}
        </MenuToggle>
      )}
    >
      <DropdownList aria-label={text('keys')}>
        {combinations.map((keys) => (
          <DropdownItem key={keys} onClick={() => void press(keys)}>
            {keys.replaceAll(/(^|-)\w/g, (letter) => letter.toUpperCase())}
          </DropdownItem>
        ))}
      </DropdownList>
    </Dropdown>
  );
}
