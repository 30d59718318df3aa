/** Doing what is allowed with a vm: at once, at its place in the page, or by the dialog that asks first. */
import { useNavigate } from '@tanstack/react-router';
import { Suspense, useState, type ReactNode } from 'react';
import type { AllowedAction, Vm } from '#api';
import { useWords } from '../console.ts';
import { useAct } from './act.ts';
import { useAsking } from './asking.ts';
import { deedOf, type VmAsked } from './offered.ts';
import { lazyPart } from '../parts/lazy-part.ts';

// Comes when it is asked for.
const VmDialog = lazyPart(async () => (await import('./VmDialog.tsx')).VmDialog);

export interface Deeds {
  readonly begin: (allowed: AllowedAction) => void;
  readonly ask: (asked: VmAsked) => void;
  /** The dialog that asks, where one is open. */
  readonly dialog: ReactNode;
}

export function useDeeds(vm: Vm): Deeds {
  const words = useWords();
  const act = useAct();
  const asking = useAsking();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<VmAsked | undefined>(undefined);
  const begin = (allowed: AllowedAction): void => {
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
  const dialog = asked !== undefined && (
    <Suspense fallback={null}>
      <VmDialog vm={vm} asked={asked} onClose={() => setAsked(undefined)} />
    </Suspense>
  );
  return { begin, ask: setAsked, dialog };
}
