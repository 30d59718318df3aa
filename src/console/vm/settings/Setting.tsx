/** One setting as the contract describes it: a value, a group, a list or one of several kinds. */
import {
  Button,
  FormFieldGroup,
  FormFieldGroupHeader,
  FormSelect,
  FormSelectOption,
} from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { variantKey, type Field, type Fields } from '#api';
import { useWords } from '../../console.ts';
import { nameOne, nameSetting, nameValue, numberMember } from '../words/setting-words.ts';
import { useVmText } from '../words/vm-words.ts';
import { firstValue, firstVariant, leastValue } from './fields.ts';
import { childPlace, memberPlace, readAt, type Place } from './place.ts';
import { idOf, SettingFrame } from './SettingFrame.tsx';
import { useSettingsForm } from './settings-context.ts';
import { ValueInput } from './ValueInput.tsx';
import { WordsSetting } from './WordsSetting.tsx';

export function Setting({
  field,
  place,
}: {
  readonly field: Field;
  readonly place: Place;
}): ReactNode {
  const form = useSettingsForm();
  switch (field.kind) {
    case 'group':
      if (field.nullable && (readAt(form.value, place.steps) ?? null) === null)
        return <UnsetGroup field={field} place={place} />;
      return (
        <SettingGroup place={place} canUnset={field.nullable}>
          <SettingList fields={field.fields} place={place} />
        </SettingGroup>
      );
    case 'list':
      return field.item.kind === 'text' || field.item.kind === 'choice' ? (
        <WordsSetting field={field} place={place} />
      ) : (
        <MembersSetting field={field} place={place} />
      );
    case 'variant':
      return <VariantSetting field={field} place={place} />;
    case 'number':
    case 'text':
    case 'flag':
    case 'choice':
    case 'open':
      return (
        <SettingFrame field={field} place={place}>
          <ValueInput field={field} place={place} />
        </SettingFrame>
      );
  }
}

export function SettingList({
  fields,
  place,
}: {
  readonly fields: Fields;
  readonly place: Place;
}): ReactNode {
  return Object.entries(fields).map(([name, field]) => (
    <Setting key={name} field={field} place={childPlace(place, name)} />
  ));
}

/** A group with its name; `canUnset`: there need not be one. */
function SettingGroup({
  place,
  canUnset,
  children,
}: {
  readonly place: Place;
  readonly canUnset: boolean;
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const form = useSettingsForm();
  const name = nameSetting(words, place.path);
  return (
    <FormFieldGroup
      header={
        <FormFieldGroupHeader
          titleText={{ text: name, id: idOf(place) }}
          actions={
            canUnset ? (
              <Button
                variant="link"
                isDisabled={form.lock(place) !== undefined}
                onClick={() => form.set(place.steps, null)}
              >
                {text('removeMember', { name })}
              </Button>
            ) : undefined
          }
        />
      }
    >
      {children}
    </FormFieldGroup>
  );
}

function UnsetGroup({ field, place }: { readonly field: Field; readonly place: Place }): ReactNode {
  const words = useWords();
  const text = useVmText();
  const form = useSettingsForm();
  return (
    <SettingFrame field={field} place={place}>
      <Button
        id={idOf(place)}
        variant="secondary"
        isDisabled={form.lock(place) !== undefined}
        onClick={() => form.set(place.steps, leastValue(field))}
      >
        {text('addMember', { name: nameSetting(words, place.path) })}
      </Button>
    </SettingFrame>
  );
}

function MembersSetting({
  field,
  place,
}: {
  readonly field: Extract<Field, { kind: 'list' }>;
  readonly place: Place;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const form = useSettingsForm();
  const value = readAt(form.value, place.steps);
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const name = nameSetting(words, place.path);
  const one = nameOne(words, place.path);
  const locked = form.lock(place) !== undefined;
  const canResize = form.canResize(place);
  // Where it is filled elsewhere, it is said there that there is nothing.
  if (list.length === 0 && !canResize) return null;
  return (
    <FormFieldGroup
      header={
        <FormFieldGroupHeader
          // Its members stand above, in a table of that name.
          titleText={{
            text: canResize ? name : text('settingsOfEach', { name }),
            id: idOf(place),
          }}
          titleDescription={list.length === 0 ? text('noMembers') : undefined}
          actions={
            canResize && list.length < field.maxItems ? (
              <Button
                variant="secondary"
                isDisabled={locked}
                onClick={() => form.set(place.steps, [...list, newMember(field.item, list)])}
              >
                {text('addMember', { name: one })}
              </Button>
            ) : undefined
          }
        />
      }
    >
      {list.map((member, index) => {
        const at = memberPlace(place, member, index);
        const part = at.settingPath.slice(at.settingPath.lastIndexOf('/') + 1);
        const memberName = `${one} ${numberMember(field, part)}`;
        return (
          <FormFieldGroup
            key={index}
            header={
              <FormFieldGroupHeader
                titleText={{ text: memberName, id: idOf(at) }}
                actions={
                  canResize ? (
                    <Button
                      variant="link"
                      isDisabled={locked}
                      onClick={() =>
                        form.set(
                          place.steps,
                          list.filter((_member, i) => i !== index),
                        )
                      }
                    >
                      {text('removeMember', { name: memberName })}
                    </Button>
                  ) : undefined
                }
              />
            }
          >
            {field.item.kind === 'group' ? (
              <SettingList fields={field.item.fields} place={at} />
            ) : (
              <Setting field={field.item} place={at} />
            )}
          </FormFieldGroup>
        );
      })}
    </FormFieldGroup>
  );
}

/** A first value that takes no slot and no place of another. */
function newMember(item: Field, list: readonly unknown[]): unknown {
  const member = firstValue(item);
  if (typeof member !== 'object' || member === null) return member;
  const numbered = 'slot' in member ? 'slot' : 'position' in member ? 'position' : undefined;
  if (numbered === undefined) return member;
  const last = list.at(-1);
  const taken = list.map((other) => Number(readAt(other, [numbered])));
  let free = 0;
  while (taken.includes(free)) free += 1;
  return { ...member, ...(typeof last === 'object' ? last : {}), [numbered]: free };
}

function VariantSetting({
  field,
  place,
}: {
  readonly field: Extract<Field, { kind: 'variant' }>;
  readonly place: Place;
}): ReactNode {
  const words = useWords();
  const form = useSettingsForm();
  const kind = readAt(form.value, [...place.steps, variantKey]);
  const chosen = typeof kind === 'string' ? kind : '';
  return (
    <>
      <SettingFrame field={field} place={place}>
        <FormSelect
          id={idOf(place)}
          aria-describedby={`${idOf(place)}-hint`}
          value={chosen}
          isDisabled={form.lock(place) !== undefined}
          onChange={(_event, to) =>
            form.set(place.steps, to === '' ? null : firstVariant(field.variants, to))
          }
        >
          {field.nullable && <FormSelectOption value="" label={words.text('none')} />}
          {Object.keys(field.variants).map((value) => (
            <FormSelectOption
              key={value}
              value={value}
              label={nameValue(words, place.path, value)}
            />
          ))}
        </FormSelect>
      </SettingFrame>
      <SettingList key={chosen} fields={field.variants[chosen] ?? {}} place={place} />
    </>
  );
}
