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
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import type { AllowedAction, Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { describeFailure } from '../parts/failure.ts';
import { mainPart } from '../parts/main-part.ts';
import { useVmActions } from '../parts/ask.ts';
import { useAct } from './act.ts';
import { useAsking } from './asking.ts';
import { deedOf, isConsole, isPower, offeredActions, type VmAsked } from './offered.ts';

// Comes when it is asked for.
const VmDialog = lazy(async () => ({ default: (await import('./VmDialog.tsx')).VmDialog }));

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
  const asking = useAsking();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState<VmAsked | undefined>(undefined);
  const question = useVmActions(vm.id, open);
  const name = words.text('actionsOf', { name: vm.name });
  const choose = (allowed: AllowedAction): void => {
    const deed = deedOf(allowed, words, asking.of(vm.id));
    switch (deed?.kind) {
      case 'go':
        void navigate({ to: '/vms/$vm', params: { vm: vm.id }, search: { tab: deed.tab } });
        break;
      case 'act':
        void act(vm, deed.action);
        break;
      case 'ask':
        setAsked(deed.asked);
        break;
      case undefined:
        break;
    }
  };
  const item = (allowed: AllowedAction): ReactNode => (
    <DropdownItem
      key={allowed.action}
      isAriaDisabled={!allowed.allowed}
      {...(allowed.allowed ? {} : { tooltipProps: { content: words.whyNot(allowed, vm.name) } })}
      isDanger={allowed.action === 'delete'}
      onClick={() => choose(allowed)}
    >
      {words.action(allowed.action)}
    </DropdownItem>
  );
  const actions = offeredActions(question.data?.actions ?? []);
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
          {actions.filter(({ action }) => isConsole(action)).map(item)}
          {actions.length > 0 && <Divider component="li" />}
          {actions.filter(({ action }) => isPower(action)).map(item)}
          {actions.length > 0 && <Divider component="li" />}
          {actions.filter(({ action }) => !isConsole(action) && !isPower(action)).map(item)}
          {actions.length > 0 && (
            <DropdownItem
              to={client.url('vm.export', { vm: vm.id }).pathname}
              download={`${vm.name}.json`}
            >
              {words.text('exportDefinition')}
            </DropdownItem>
          )}
          {asking.of(vm.id) !== 'ask' && (
            <DropdownItem onClick={() => asking.choose(vm.id, 'ask')}>
              {words.text('askAgain')}
            </DropdownItem>
          )}
        </DropdownList>
      </Dropdown>
      {asked !== undefined && (
        <Suspense fallback={null}>
          <VmDialog vm={vm} asked={asked} onClose={() => setAsked(undefined)} />
        </Suspense>
      )}
    </>
  );
}
