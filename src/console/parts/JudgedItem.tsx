/** An entry of a menu that is greyed where what it does is not possible now, with the reason on it. */
import { DropdownItem, type DropdownItemProps } from '@patternfly/react-core';
import type { ReactNode } from 'react';

export function JudgedItem({
  whyNot,
  ...item
}: Omit<DropdownItemProps, 'ref'> & { readonly whyNot: string | undefined }): ReactNode {
  return (
    <DropdownItem
      {...item}
      isAriaDisabled={whyNot !== undefined}
      // Beside the menu: above, it would lie on what stands before.
      {...(whyNot === undefined ? {} : { tooltipProps: { content: whyNot, position: 'left' } })}
    />
  );
}
