/** The input for a single value, with its unit and its limits. */
import {
  Checkbox,
  FormSelect,
  FormSelectOption,
  InputGroup,
  InputGroupItem,
  InputGroupText,
  TextArea,
  TextInput,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { miB } from '#lib';
import type { Field, Unit } from '#api';
import { useWords } from '../../console.ts';
import { nameSetting, nameValue } from '../words/setting-words.ts';
import { useVmText } from '../words/vm-words.ts';
import { ImageInput } from './ImageInput.tsx';
import { MediumFileInput } from './MediumFileInput.tsx';
import { NetworkInput } from './NetworkInput.tsx';
import { readAt, type Place } from './place.ts';
import { RateInput } from './RateInput.tsx';
import { idOf } from './SettingFrame.tsx';
import { useSettingsForm } from './settings-context.ts';
import type { InputProps } from './input-props.ts';

type ValueField = Extract<Field, { kind: 'number' | 'text' | 'flag' | 'choice' | 'open' }>;

/** Texts that want more than a line. */
const longText = 2000;
/** Sizes are typed in MiB. */
const scales: Readonly<
  Record<
    Exclude<NonNullable<Unit>, 'bytes-per-second'>,
    { readonly by: number; readonly sign: string }
  >
> = {
  bytes: { by: miB, sign: 'MiB' },
  seconds: { by: 1, sign: 's' },
  percent: { by: 1, sign: '%' },
};

export function ValueInput({
  field,
  place,
}: {
  readonly field: ValueField;
  readonly place: Place;
}): ReactNode {
  const words = useWords();
  const form = useSettingsForm();
  const value = readAt(form.value, place.steps);
  const isDisabled = form.lock(place) !== undefined;
  const set = (to: unknown): void => form.set(place.steps, to);
  const common = {
    id: idOf(place),
    'aria-describedby': `${idOf(place)}-hint`,
    isDisabled,
    validated: form.problems.has(place.steps.join('/')) ? ('error' as const) : ('default' as const),
  };
  switch (field.kind) {
    case 'number':
      return field.unit === 'bytes-per-second' ? (
        <RateInput
          {...common}
          field={field}
          name={nameSetting(words, place.path)}
          value={typeof value === 'number' ? value : null}
          onValue={set}
        />
      ) : (
        <NumberInput {...common} field={field} value={value} onValue={set} />
      );
    case 'flag':
      return field.nullable ? (
        <FormSelect
          {...common}
          value={value === null ? '' : String(value)}
          onChange={(_event, to) => set(to === '' ? null : to === 'true')}
        >
          <FormSelectOption value="" label={words.text('none')} />
          <FormSelectOption value="true" label="✓" />
          <FormSelectOption value="false" label="✗" />
        </FormSelect>
      ) : (
        <Checkbox
          id={common.id}
          aria-describedby={common['aria-describedby']}
          aria-label={nameSetting(words, place.path)}
          isDisabled={isDisabled}
          isChecked={value === true}
          onChange={(_event, checked) => set(checked)}
        />
      );
    case 'choice':
      return (
        <FormSelect
          {...common}
          value={value === null ? '' : String(value)}
          onChange={(_event, to) => set(to === '' ? null : to)}
        >
          {field.nullable && <FormSelectOption value="" label={words.text('none')} />}
          {field.options.map((option) => (
            <FormSelectOption
              key={option}
              value={option}
              label={nameValue(words, place.path, option)}
            />
          ))}
        </FormSelect>
      );
    case 'text': {
      const text = typeof value === 'string' ? value : '';
      const onChange = (_event: unknown, to: string): void =>
        set(to === '' && field.nullable ? null : to);
      if (place.path.endsWith('medium/image'))
        return <ImageInput {...common} value={text} place={place} onValue={set} />;
      if (place.path.endsWith('medium/file'))
        return <MediumFileInput {...common} value={text} place={place} onValue={set} />;
      if (place.path.endsWith('attachment/network'))
        return <NetworkInput {...common} value={text} onValue={set} />;
      return field.maxLength > longText ? (
        <TextArea {...common} value={text} resizeOrientation="vertical" onChange={onChange} />
      ) : (
        <TextInput {...common} value={text} maxLength={field.maxLength} onChange={onChange} />
      );
    }
    case 'open':
      return <JsonInput {...common} value={value} onValue={set} />;
  }
}

type Common = InputProps<unknown>;

function NumberInput({
  field,
  value,
  onValue,
  ...common
}: Common & { readonly field: Extract<Field, { kind: 'number' }> }): ReactNode {
  const words = useWords();
  const text = useVmText();
  const { unit } = field;
  const scale = unit === undefined || unit === 'bytes-per-second' ? undefined : scales[unit];
  const by = scale?.by ?? 1;
  const limit = (number: number): string =>
    unit === 'bytes' ? words.bytes(number) : words.count(number);
  return (
    <InputGroup>
      <InputGroupItem isFill>
        <TextInput
          {...common}
          type="number"
          min={field.min / by}
          max={field.max / by}
          step="any"
          value={typeof value === 'number' ? value / by : ''}
          onChange={(_event, to) =>
            onValue(to === '' ? (field.nullable ? null : '') : Math.round(Number(to) * by))
          }
        />
      </InputGroupItem>
      {scale !== undefined && <InputGroupText>{scale.sign}</InputGroupText>}
      {field.max < Number.MAX_SAFE_INTEGER && (
        <InputGroupText>
          {text('limits', { min: limit(field.min), max: limit(field.max) })}
        </InputGroupText>
      )}
    </InputGroup>
  );
}

/** What is no JSON as yet is kept as text, which the contract refuses. */
function JsonInput({ value, onValue, ...common }: Common): ReactNode {
  const written = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <TextArea
      {...common}
      key={written}
      defaultValue={written}
      resizeOrientation="vertical"
      onBlur={({ currentTarget }) => {
        if (currentTarget.value !== written) onValue(parseJson(currentTarget.value));
      }}
    />
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
