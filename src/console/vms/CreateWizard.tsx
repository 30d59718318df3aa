/**
 * A new vm in four short steps, each with defaults: from what, how large, which network, which name.
 * Advanced, one step further, holds every setting of the contract. What is wrong the server says.
 */
import { Wizard, WizardStep } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { useOutcome } from '../parts/use-outcome.ts';
import { useVmText } from '../vm/words/vm-words.ts';
import { CreateAdvanced } from './CreateAdvanced.tsx';
import {
  createBody,
  firstAnswers,
  isSourceReady,
  type Answers,
  type Choices,
} from './create-body.ts';
import { NameStep, SizeStep, SourceStep } from './CreateSteps.tsx';
import { NetworkStep } from './NetworkStep.tsx';

/** The wizard gives the button of a phone's step list an English name that is not what stands on it. */
function nameToggle(place: HTMLElement | null): void {
  place?.querySelector('.pf-v6-c-wizard__toggle')?.removeAttribute('aria-label');
}

export function CreateWizard({
  choices,
  onClose,
}: {
  readonly choices: Choices;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const tellOutcome = useOutcome();
  const words = useWords();
  const text = useVmText();
  const [answers, setAnswers] = useState<Answers>(() => firstAnswers(choices));
  const [failure, setFailure] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const change = (part: Partial<Answers>): void => setAnswers((before) => ({ ...before, ...part }));
  const create = async (): Promise<void> => {
    // Enter in the name's field asks as well as the button, which is greyed meanwhile.
    if (busy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const operation = await client.call('vm.create', {
        body: createBody(answers, choices.images),
      });
      tellOutcome({ action: words.text('create'), name: answers.name }, operation);
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  const step = { answers, choices, change };
  const isReady = isSourceReady(answers);
  const next = {
    nextButtonText: text('next'),
    backButtonText: text('back'),
    cancelButtonText: words.text('cancel'),
  };
  const last = {
    ...next,
    nextButtonText: words.text('create'),
    isNextDisabled: busy || answers.name === '' || !isReady,
    onNext: () => void create(),
  };
  return (
    <div ref={nameToggle}>
      <Wizard
        height="min(34rem, 70vh)"
        // Of the dialog's own colour.
        isPlain
        navAriaLabel={words.text('createVm')}
        // Each step takes the focus itself: what the wizard does takes it, a moment later, from who types already.
        shouldFocusContent={false}
        onClose={onClose}
        onSave={() => void create()}
      >
        <WizardStep
          id="source"
          name={words.text('disk')}
          footer={{ ...next, isNextDisabled: !isReady }}
        >
          <SourceStep {...step} />
        </WizardStep>
        <WizardStep id="size" name={text('sizeStep')} footer={next}>
          <SizeStep {...step} />
        </WizardStep>
        <WizardStep id="network" name={words.text('network')} footer={next}>
          <NetworkStep {...step} />
        </WizardStep>
        <WizardStep id="name" name={words.text('name')} footer={last}>
          {failure !== undefined && <FailureAlert error={failure} />}
          <NameStep {...step} onSubmit={() => void create()} />
        </WizardStep>
        <WizardStep id="advanced" name={text('advanced')} footer={last}>
          {failure !== undefined && <FailureAlert error={failure} />}
          <CreateAdvanced {...step} />
        </WizardStep>
      </Wizard>
    </div>
  );
}
