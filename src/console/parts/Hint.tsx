/** What is said below a field; with an id it is what the field is described by. */
import { FormHelperText, HelperText, HelperTextItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';

export function Hint({
  id,
  children,
}: {
  readonly id?: string;
  readonly children: string | undefined;
}): ReactNode {
  return (
    <FormHelperText>
      <HelperText {...(id === undefined ? {} : { id })}>
        {children !== undefined && <HelperTextItem>{children}</HelperTextItem>}
      </HelperText>
    </FormHelperText>
  );
}
