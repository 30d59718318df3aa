/** A button that is greyed where what it does is not possible now, with the reason on it. */
import { Button, Tooltip, type ButtonProps } from '@patternfly/react-core';
import type { ReactNode } from 'react';

export function JudgedButton({
  whyNot,
  ...button
}: Omit<ButtonProps, 'ref'> & { readonly whyNot: string | undefined }): ReactNode {
  if (whyNot === undefined) return <Button {...button} />;
  return (
    <Tooltip content={whyNot}>
      <Button {...button} isAriaDisabled />
    </Tooltip>
  );
}
