/**
 * The image in a drive, out of those that fit it. They are marked with the other vms that have them, where the drive is one
 * of a vm that there is. An image that is not in the list is still shown.
 */
import { FormSelect, FormSelectOption } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useList } from '../../parts/ask.ts';
import { driveOf } from './MediumFileInput.tsx';
import { findImage, labelMedium, useKnownMedia } from '../known-media.ts';
import { useVmText } from '../words/vm-words.ts';
import type { Place } from './place.ts';
import { useSettingsForm } from './settings-context.ts';
import type { InputProps } from './input-props.ts';

export function ImageInput({
  value,
  place,
  onValue,
  ...common
}: InputProps<string> & { readonly place: Place }): ReactNode {
  const text = useVmText();
  const { vm, host } = useSettingsForm();
  const known = useKnownMedia(vm, host).data?.media ?? [];
  const kind = driveOf(place);
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
      {items.map(({ id, name, host }) => {
        const marked = findImage(known, id);
        return (
          <FormSelectOption
            key={id}
            value={name === value ? name : id}
            label={`${marked === undefined ? name : labelMedium(text, marked)} (${host})`}
            isDisabled={marked?.held === true}
          />
        );
      })}
    </FormSelect>
  );
}
