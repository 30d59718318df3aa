/** What may be done with a snapshot now; the rest is there too, with the reason. */
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { EllipsisVIcon } from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon';
import { useState, type ReactNode } from 'react';
import type { AllowedAction, Snapshot, VmAction } from '#api';
import { useWords } from '../../console.ts';
import { mainPart } from '../../parts/main-part.ts';
import { tellWhyNot } from '../why-not.ts';
import { useSnapshotText } from './words.ts';

/** In the order of the menu, with the action of the vm that each is. */
const verbs = { revert: 'revert-snapshot', rename: 'rename', delete: 'delete-snapshot' } as const;
export type SnapshotVerb = keyof typeof verbs;

export function SnapshotMenu({
  snapshot,
  actions,
  onChoose,
}: {
  readonly snapshot: Snapshot;
  readonly actions: readonly AllowedAction[];
  readonly onChoose: (verb: SnapshotVerb) => void;
}): ReactNode {
  const words = useWords();
  const text = useSnapshotText();
  const [open, setOpen] = useState(false);
  const judged = (action: VmAction): AllowedAction | undefined =>
    actions.find((allowed) => allowed.action === action);
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      shouldFocusToggleOnSelect
      popperProps={{ position: 'right', appendTo: mainPart }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          variant="plain"
          isExpanded={open}
          onClick={() => setOpen(!open)}
          aria-label={words.text('actionsOf', { name: snapshot.name })}
          icon={<EllipsisVIcon />}
        />
      )}
    >
      <DropdownList>
        {(Object.keys(verbs) as SnapshotVerb[]).map((verb) => {
          const allowed = judged(verbs[verb]);
          const why = tellWhyNot(allowed);
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
      </DropdownList>
    </Dropdown>
  );
}
