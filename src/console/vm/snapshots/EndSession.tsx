/** A vm with undo disks goes off, and what becomes of them is decided with it. */
import { FormGroup, FormSelect, FormSelectOption, Radio } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { undoDecisions, type AllowedAction, type UndoDecision, type Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { SnapshotDialog } from './SnapshotDialog.tsx';
import { useSnapshotText } from './words.ts';

/** The gentle one first. */
const ways = ['shutdown', 'turn-off'] as const;
type EndWay = (typeof ways)[number];

export function endWays(actions: readonly AllowedAction[]): readonly EndWay[] {
  return ways.filter((way) => actions.some(({ action, allowed }) => action === way && allowed));
}

export function EndSession({
  vm,
  ways: [first = 'turn-off', ...more],
  onClose,
}: {
  readonly vm: Vm;
  readonly ways: readonly EndWay[];
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useSnapshotText();
  const [way, setWay] = useState<EndWay>(first);
  const [undo, setUndo] = useState<UndoDecision>(vm.definition.settings.undoDisks.onTurnOff);
  return (
    <SnapshotDialog
      action={text('endSession')}
      name={vm.name}
      look={undo === 'keep' && way === 'shutdown' ? 'primary' : 'danger'}
      canSend
      send={() => client.call('vm.act', { params: { vm: vm.id, action: way }, body: { undo } })}
      onClose={onClose}
    >
      <FormGroup label={text('endWay')} fieldId="end-way">
        <FormSelect
          id="end-way"
          value={way}
          onChange={(_event, to) => setWay(to === 'shutdown' ? to : 'turn-off')}
        >
          {[first, ...more].map((one) => (
            <FormSelectOption key={one} value={one} label={words.action(one)} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup role="radiogroup" label={text('endDecision')}>
        {undoDecisions.map((decision) => (
          <Radio
            key={decision}
            id={`undo-${decision}`}
            name="undo"
            label={text(`end.${decision}`)}
            description={text(`endHint.${decision}`)}
            isChecked={undo === decision}
            onChange={() => setUndo(decision)}
          />
        ))}
      </FormGroup>
    </SnapshotDialog>
  );
}
