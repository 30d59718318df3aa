/** The image in a drive, out of those that fit it. One that is not in the list is still shown. */
import { FormSelect, FormSelectOption } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useList } from '../../parts/ask.ts';
import type { Place } from './place.ts';

export function ImageInput({
  value,
  place,
  onValue,
  ...common
}: {
  readonly id: string;
  readonly 'aria-describedby': string;
  readonly isDisabled: boolean;
  readonly validated: 'error' | 'default';
  readonly value: string;
  readonly place: Place;
  readonly onValue: (value: unknown) => void;
}): ReactNode {
  const kind = place.path.includes('floppy') ? 'floppy' : 'cd';
  const images = useList('image.list', {
    filter: `imageKind = ${kind}`,
    sort: 'name',
    limit: 1000,
  });
  const items = images.data?.items ?? [];
  const isKnown = items.some(({ id, name }) => id === value || name === value);
  return (
    <FormSelect {...common} value={value} onChange={(_event, to) => onValue(to)}>
      {!isKnown && <FormSelectOption value={value} label={value} />}
      {items.map(({ id, name, host }) => (
        <FormSelectOption key={id} value={name === value ? name : id} label={`${name} (${host})`} />
      ))}
    </FormSelect>
  );
}
