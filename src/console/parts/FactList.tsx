/** Facts of a thing: what each is called, and what it is. */
import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  type DescriptionListProps,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';

export type Facts = readonly (readonly [string, ReactNode])[];

export function FactList({
  facts,
  columns = {},
}: {
  readonly facts: Facts;
  /** Default: one below the other. */
  readonly columns?: DescriptionListProps['columnModifier'];
}): ReactNode {
  return (
    <DescriptionList
      isHorizontal
      isCompact
      columnModifier={columns}
      // Names of settings are long, and their values mostly short.
      horizontalTermWidthModifier={{ default: '12ch', md: '18ch', xl: '20ch' }}
    >
      {facts.map(([term, value]) => (
        <DescriptionListGroup key={term}>
          <DescriptionListTerm>{term}</DescriptionListTerm>
          <DescriptionListDescription className="breakable">{value}</DescriptionListDescription>
        </DescriptionListGroup>
      ))}
    </DescriptionList>
  );
}
