/** What may be done with a vm now, exactly as the API says; the rest is there too, with the reason. */
import { Divider, DropdownItem, Spinner } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { AllowedAction, Vm } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useConsole, useWords } from '../console.ts';
import { useFolderText } from '../folders/words.ts';
import { describeFailure } from '../parts/failure.ts';
import { thingHelp } from '../manual/help.ts';
import { JudgedItem } from '../parts/JudgedItem.tsx';
import { ThingMenu } from '../parts/ThingMenu.tsx';
import { useVmActions } from '../parts/ask.ts';
import { useAsking } from './asking.ts';
import { isConsole, isPower, offeredActions, offeredExport } from './offered.ts';
import { useDeeds } from './use-deeds.tsx';

export function VmActionMenu({
  vm,
  look,
}: {
  readonly vm: Vm;
  readonly look: 'row' | 'page' | 'bar';
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const asking = useAsking();
  const [open, setOpen] = useState(false);
  const deeds = useDeeds(vm);
  const question = useVmActions(vm.id, open);
  const { whyNot, settled } = useRights({ vm: vm.id }, { enabled: open });
  const folderText = useFolderText();
  const item = (
    allowed: AllowedAction,
    label = words.action(allowed.action),
    begin = () => deeds.begin(allowed),
  ): ReactNode => (
    <JudgedItem
      key={label}
      whyNot={words.whyNot(allowed)}
      isDanger={allowed.action === 'delete'}
      onClick={begin}
    >
      {label}
    </JudgedItem>
  );
  const known = settled ? (question.data?.actions ?? []) : [];
  const actions = offeredActions(known);
  const exported = offeredExport(known);
  return (
    <>
      <ThingMenu
        name={vm.name}
        look={look}
        onOpen={setOpen}
        help={thingHelp.vm}
        attributes={{ kind: 'vm', id: vm.id }}
      >
        {(question.isPending || !settled) && (
          <DropdownItem isDisabled>
            <Spinner size="md" aria-label={words.text('loading')} />
          </DropdownItem>
        )}
        {question.error !== null && (
          <DropdownItem isDisabled>{words.fault(describeFailure(question.error))}</DropdownItem>
        )}
        {actions.filter(({ action }) => isConsole(action)).map((one) => item(one))}
        {actions.length > 0 && <Divider component="li" />}
        {actions.filter(({ action }) => isPower(action)).map((one) => item(one))}
        {actions.length > 0 && <Divider component="li" />}
        {actions
          .filter(({ action }) => !isConsole(action) && !isPower(action))
          .map((one) => item(one))}
        {actions.length > 0 && (
          <JudgedItem whyNot={whyNot('vm.move')} onClick={() => deeds.ask({ kind: 'file' })}>
            {folderText('file')}
          </JudgedItem>
        )}
        {exported &&
          item(exported, words.operation('vm.hand-out'), () => deeds.ask({ kind: 'export' }))}
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
      </ThingMenu>
      {deeds.dialog}
    </>
  );
}
