/** What may be done with a vm now, exactly as the API says; the rest is there too, with the reason. */
import {
  Divider,
  Dropdown,
  DropdownItem,
  DropdownList,
  MenuToggle,
  Spinner,
} from '@patternfly/react-core';
import { EllipsisVIcon } from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon';
import { useState, type ReactNode } from 'react';
import { powerActions, type AllowedAction, type Vm, type VmAction } from '#api';
import { useConsole, useWords } from '../console.ts';
import { describeFailure } from '../parts/failure.ts';
import { mainPart } from '../parts/main-part.ts';
import { useVmActions } from '../parts/ask.ts';
import { ConfirmAction } from './ConfirmAction.tsx';
import { RenameDialog } from './RenameDialog.tsx';
import { tellWhyNot } from './why-not.ts';
import { isOffered, useAct, type OfferedAction } from './act.ts';

const variants = { row: 'plain', page: 'primary', bar: 'secondary' } as const;

export function VmActionMenu({
  vm,
  look,
}: {
  readonly vm: Vm;
  readonly look: 'row' | 'page' | 'bar';
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const act = useAct();
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState<{ action: OfferedAction; loss: string } | undefined>(
    undefined,
  );
  const [renames, setRenames] = useState(false);
  const question = useVmActions(vm.id, open);
  const name = words.text('actionsOf', { name: vm.name });
  const choose = ({ action, confirm }: AllowedAction): void => {
    if (action === 'rename') setRenames(true);
    if (!isOffered(action)) return;
    if (confirm === undefined) void act(vm, action);
    else setAsked({ action, loss: words.loss(action, confirm) });
  };
  const item = (allowed: AllowedAction): ReactNode => (
    <DropdownItem
      key={allowed.action}
      isAriaDisabled={!allowed.allowed}
      {...(allowed.allowed ? {} : { tooltipProps: { content: tellWhyNot(allowed) } })}
      isDanger={allowed.action === 'delete'}
      onClick={() => choose(allowed)}
    >
      {words.action(allowed.action)}
    </DropdownItem>
  );
  const actions = question.data?.actions ?? [];
  const isPower = (action: VmAction): boolean => powerActions.some((power) => power === action);
  return (
    <>
      <Dropdown
        isOpen={open}
        onOpenChange={setOpen}
        onSelect={() => setOpen(false)}
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
            onClick={() => setOpen(!open)}
            aria-label={name}
            {...(look === 'row' ? { icon: <EllipsisVIcon /> } : {})}
          >
            {look === 'row' ? undefined : words.text('actions')}
          </MenuToggle>
        )}
      >
        <DropdownList aria-label={name}>
          {question.isPending && (
            <DropdownItem isDisabled>
              <Spinner size="md" aria-label={words.text('loading')} />
            </DropdownItem>
          )}
          {question.error !== null && (
            <DropdownItem isDisabled>{describeFailure(question.error).message}</DropdownItem>
          )}
          {actions.filter(({ action }) => isPower(action)).map(item)}
          {actions.length > 0 && <Divider component="li" />}
          {actions
            .filter(({ action }) => action === 'rename' || (isOffered(action) && !isPower(action)))
            .map(item)}
          {actions.length > 0 && (
            <DropdownItem
              to={client.url('vm.export', { vm: vm.id }).pathname}
              download={`${vm.name}.json`}
            >
              {words.text('exportDefinition')}
            </DropdownItem>
          )}
        </DropdownList>
      </Dropdown>
      {renames && <RenameDialog vm={vm} onClose={() => setRenames(false)} />}
      {asked !== undefined && (
        <ConfirmAction
          vm={vm}
          action={asked.action}
          loss={asked.loss}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}
