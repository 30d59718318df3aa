/** The input for bytes per second: a number and its unit. */
import {
  FormSelect,
  FormSelectOption,
  InputGroup,
  InputGroupItem,
  TextInput,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Field } from '#api';
import { useVmText } from '../words/vm-words.ts';
import type { InputProps } from './input-props.ts';
import { bytesOfRate, rateUnits, showRate, unitOfRate, type RateUnit } from './rate-units.ts';

export function RateInput({
  field: { min, max, nullable },
  name,
  value,
  onValue,
  ...common
}: InputProps<number | null> & {
  readonly field: Pick<Extract<Field, { kind: 'number' }>, 'min' | 'max' | 'nullable'>;
  readonly name: string;
}): ReactNode {
  const text = useVmText();
  const [unit, setUnit] = useState<RateUnit>(unitOfRate(value));
  const [typed, setTyped] = useState('');
  const shown = showRate(value, typed, unit);
  const take = (to: string, of: RateUnit): void => {
    setTyped(to);
    onValue(bytesOfRate(to, of) ?? (nullable ? null : ''));
  };
  return (
    <InputGroup>
      <InputGroupItem isFill>
        <TextInput
          {...common}
          type="number"
          min={min / unit.bytes}
          max={max / unit.bytes}
          step="any"
          value={shown}
          onChange={(_event, to) => take(to, unit)}
        />
      </InputGroupItem>
      <InputGroupItem className="rate-unit">
        <FormSelect
          id={`${common.id}-unit`}
          aria-label={text('unitOf', { name })}
          isDisabled={common.isDisabled}
          value={unit.sign}
          onChange={(_event, sign) => {
            const to = rateUnits.find((one) => one.sign === sign) ?? unit;
            setUnit(to);
            // The number stays: what was typed is meant in the unit that is chosen.
            if (shown !== '') take(shown, to);
          }}
        >
          {rateUnits.map(({ sign }) => (
            <FormSelectOption key={sign} value={sign} label={sign} />
          ))}
        </FormSelect>
      </InputGroupItem>
    </InputGroup>
  );
}
