/** Label, hint, marks and what is wrong, around one input. */
import {
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  Label,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Field } from '#api';
import { useWords } from '../../console.ts';
import { hintSetting, nameSetting } from '../words/setting-words.ts';
import { useVmText } from '../words/vm-words.ts';
import type { Place } from './place.ts';
import { useSettingsForm } from './settings-context.ts';

export function SettingFrame({
  field,
  place,
  children,
}: {
  readonly field: Field;
  readonly place: Place;
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const form = useSettingsForm();
  const id = idOf(place);
  const locked = form.lock(place);
  const name = nameSetting(words, place.path);
  const told = hintSetting(words, place.path, field);
  // What the name says already is not said twice.
  const hint = told?.toLowerCase() === name.toLowerCase() ? undefined : told;
  const problem = form.problems.get(place.steps.join('/'));
  return (
    <FormGroup
      label={name}
      fieldId={id}
      labelInfo={
        form.pending.has(place.settingPath) ? (
          <Label isCompact color="orange">
            {text('pending')}
          </Label>
        ) : undefined
      }
      className={form.changed.has(place.settingPath) ? 'setting-changed' : ''}
    >
      {children}
      <FormHelperText>
        <HelperText id={`${id}-hint`}>
          {hint !== undefined && <HelperTextItem>{hint}</HelperTextItem>}
          {locked !== undefined && <HelperTextItem>{locked}</HelperTextItem>}
          {problem !== undefined && <HelperTextItem variant="error">{problem}</HelperTextItem>}
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}

export function idOf(place: Place): string {
  return `setting-${place.steps.join('-')}`;
}
