/** The power controls that one reaches for most in the state a vm is in, beside the menu of all. */
import { PauseIcon } from '@patternfly/react-icons/dist/esm/icons/pause-icon';
import { PlayIcon } from '@patternfly/react-icons/dist/esm/icons/play-icon';
import { PowerOffIcon } from '@patternfly/react-icons/dist/esm/icons/power-off-icon';
import type { ReactNode } from 'react';
import type { Vm, VmAction, VmState } from '#api';
import { useWords } from '../console.ts';
import { useVmActions } from '../parts/ask.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { offeredActions } from './offered.ts';
import { useDeeds } from './use-deeds.tsx';

const icons = {
  'turn-on': <PlayIcon />,
  restore: <PlayIcon />,
  resume: <PlayIcon />,
  pause: <PauseIcon />,
  shutdown: <PowerOffIcon />,
  'turn-off': <PowerOffIcon />,
} as const satisfies Partial<Record<VmAction, ReactNode>>;
type Quick = keyof typeof icons;

/** What is offered in a state that lasts; while it changes, nothing is. */
const wanted: Readonly<Partial<Record<VmState, readonly Quick[]>>> = {
  off: ['turn-on'],
  saved: ['restore'],
  running: ['shutdown', 'pause'],
  paused: ['resume', 'turn-off'],
};

export function QuickActions({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const deeds = useDeeds(vm);
  const { data } = useVmActions(vm.id, true);
  const offered = offeredActions(data?.actions ?? []);
  return (
    <>
      {(wanted[vm.state] ?? []).map((action) => {
        const judged = offered.find((one) => one.action === action);
        if (judged === undefined) return null;
        return (
          <JudgedButton
            key={action}
            variant="secondary"
            icon={icons[action]}
            whyNot={judged.allowed ? undefined : words.whyNot(judged)}
            onClick={() => deeds.begin(judged)}
          >
            {words.action(action)}
          </JudgedButton>
        );
      })}
      {deeds.dialog}
    </>
  );
}
