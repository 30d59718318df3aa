/** What the adapter of a new vm is plugged into. */
import type { ReactNode } from 'react';
import { NetworkChoice } from '../networks/NetworkChoice.tsx';
import type { StepProps } from './CreateSteps.tsx';
import { StepForm } from './StepForm.tsx';

export function NetworkStep({ answers, choices, change }: StepProps): ReactNode {
  return (
    <StepForm>
      <NetworkChoice
        networks={choices.networks}
        value={answers.network}
        onValue={(network) => change({ network })}
      />
    </StepForm>
  );
}
