/** What may be done with a snapshot now; the rest is there too, with the reason. */
import { DropdownItem } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { AllowedAction, Snapshot, Vm, VmAction } from '#api';
import { useWords } from '../../console.ts';
import { snapshotHelp } from '../../manual/help.ts';
import { ThingMenu } from '../../parts/ThingMenu.tsx';
import { snapshotDisks } from './snapshot-disks.ts';
import { useSnapshotText } from './words.ts';

/** In the order of the menu, with the action of the vm that each is. */
const verbs = { revert: 'revert-snapshot', rename: 'rename', delete: 'delete-snapshot' } as const;
export type SnapshotVerb = keyof typeof verbs;

export function SnapshotMenu({
  vm,
  snapshot,
  actions,
  onChoose,
}: {
  readonly vm: Vm;
  readonly snapshot: Snapshot;
  readonly actions: readonly AllowedAction[];
  readonly onChoose: (verb: SnapshotVerb) => void;
}): ReactNode {
  const words = useWords();
  const text = useSnapshotText();
  const navigate = useNavigate();
  const judged = (action: VmAction): AllowedAction | undefined =>
    actions.find((allowed) => allowed.action === action);
  // A host whose files cannot be copied has none that can be looked into.
  const hasFiles = judged('relocate')?.unsupported !== true;
  const lookInside = (): void => {
    const [first, second] = snapshotDisks(vm);
    const disk = first === undefined || second === undefined ? {} : { disk: first };
    void navigate({ to: '/disks/files', search: { vm: vm.id, snapshot: snapshot.id, ...disk } });
  };
  return (
    <ThingMenu name={snapshot.name} look="row" help={snapshotHelp}>
      {hasFiles && <DropdownItem onClick={lookInside}>{text('files')}</DropdownItem>}
      {(Object.keys(verbs) as SnapshotVerb[]).map((verb) => {
        const allowed = judged(verbs[verb]);
        const why = words.whyNot(allowed);
        return (
          <DropdownItem
            key={verb}
            isDanger={verb === 'delete'}
            isAriaDisabled={allowed?.allowed !== true}
            {...(why === undefined ? {} : { tooltipProps: { content: why } })}
            onClick={() => onChoose(verb)}
          >
            {text(verb)}
          </DropdownItem>
        );
      })}
    </ThingMenu>
  );
}
