/** The form of a step of the wizard; the enter key goes on to the next one. */
import {
  Form,
  FormHelperText,
  HelperText,
  HelperTextItem,
  useWizardContext,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';

export function StepForm({
  canGoOn = true,
  children,
}: {
  readonly canGoOn?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  const { goToNextStep } = useWizardContext();
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        if (canGoOn) void goToNextStep();
      }}
    >
      {children}
      {/* With several inputs only a form that has a button is sent by the enter key. */}
      <button type="submit" hidden />
    </Form>
  );
}

export function Hint({ children }: { readonly children: string }): ReactNode {
  return (
    <FormHelperText>
      <HelperText>
        <HelperTextItem>{children}</HelperTextItem>
      </HelperText>
    </FormHelperText>
  );
}
