/** Saved views of a list: to go to, to save what is shown now, to forget. */
import {
  Button,
  Divider,
  Dropdown,
  DropdownItem,
  DropdownList,
  Form,
  FormGroup,
  MenuToggle,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { mainPart } from '../parts/main-part.ts';
import { useRemembered } from '../parts/remembered.ts';
import { addView, parseViews, type SavedView } from './views.ts';
import { Dialog } from '../parts/Dialog.tsx';

export function ViewMenu({
  storedAs,
  view,
  onView,
}: {
  readonly storedAs: string;
  /** What is shown now. */
  readonly view: Omit<SavedView, 'name'>;
  readonly onView: (view: SavedView) => void;
}): ReactNode {
  const words = useWords();
  const [views, remember] = useRemembered(storedAs, parseViews);
  const [open, setOpen] = useState(false);
  const [naming, setNaming] = useState(false);
  const [name, setName] = useState('');
  const current = views.find(({ filter, sort }) => filter === view.filter && sort === view.sort);
  const save = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() === '') return;
    remember(addView(views, { ...view, name: name.trim() }));
    setNaming(false);
    setName('');
  };
  return (
    <>
      <Dropdown
        isOpen={open}
        onOpenChange={setOpen}
        onSelect={() => setOpen(false)}
        popperProps={{ position: 'right', appendTo: mainPart }}
        toggle={(ref) => (
          <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)}>
            {current?.name ?? words.text('views')}
          </MenuToggle>
        )}
      >
        <DropdownList>
          {views.map((one) => (
            <DropdownItem
              key={one.name}
              isSelected={one === current}
              description={one.filter}
              onClick={() => onView(one)}
            >
              {one.name}
            </DropdownItem>
          ))}
          {views.length > 0 && <Divider component="li" />}
          <DropdownItem onClick={() => setNaming(true)}>{words.text('saveView')}</DropdownItem>
          {current !== undefined && (
            <DropdownItem isDanger onClick={() => remember(views.filter((one) => one !== current))}>
              {words.text('forgetView', { name: current.name })}
            </DropdownItem>
          )}
        </DropdownList>
      </Dropdown>
      {naming && (
        <Dialog isOpen variant="small" onClose={() => setNaming(false)} aria-labelledby="save-view">
          <ModalHeader labelId="save-view" title={words.text('saveView')} />
          <ModalBody>
            <Form id="save-view-form" onSubmit={save}>
              <FormGroup label={words.text('name')} fieldId="view-name" isRequired>
                <TextInput
                  id="view-name"
                  autoFocus
                  autoComplete="off"
                  maxLength={60}
                  value={name}
                  onChange={(_event, value) => setName(value)}
                />
              </FormGroup>
            </Form>
          </ModalBody>
          <ModalFooter>
            <Button type="submit" form="save-view-form" isDisabled={name.trim() === ''}>
              {words.text('save')}
            </Button>
            <Button variant="link" onClick={() => setNaming(false)}>
              {words.text('cancel')}
            </Button>
          </ModalFooter>
        </Dialog>
      )}
    </>
  );
}
