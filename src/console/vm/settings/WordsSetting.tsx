/** A setting that is a list of words, on one line with commas; of choices the hint says which. */
import { TextInput } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Field } from '#api';
import { readAt, type Place } from './place.ts';
import { idOf, SettingFrame } from './SettingFrame.tsx';
import { useSettingsForm } from './settings-context.ts';

export function WordsSetting({
  field,
  place,
}: {
  readonly field: Extract<Field, { kind: 'list' }>;
  readonly place: Place;
}): ReactNode {
  const form = useSettingsForm();
  const { item } = field;
  const value = readAt(form.value, place.steps);
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const [typed, setTyped] = useState<string>();
  const choices = item.kind === 'choice' ? item.options.join(', ') : undefined;
  return (
    <SettingFrame field={choices === undefined ? field : { ...field, hint: choices }} place={place}>
      <TextInput
        id={idOf(place)}
        aria-describedby={`${idOf(place)}-hint`}
        // What is typed stays as it is typed until the field is left.
        value={typed ?? list.join(', ')}
        isDisabled={form.lock(place) !== undefined}
        onBlur={() => setTyped(undefined)}
        onChange={(_event, text) => {
          setTyped(text);
          const words = text
            .split(',')
            .map((word) => word.trim())
            .filter((word) => word !== '');
          if (words.join(',') !== list.join(',')) form.set(place.steps, words);
        }}
      />
    </SettingFrame>
  );
}
