/** Every setting of the contract for a vm to be: what is changed here goes along as a patch of the defaults. */
import {
  Content,
  ExpandableSection,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, type ReactNode } from 'react';
import { assert, miB } from '#lib';
import {
  identitySettings,
  profiles,
  settingSections,
  settingsOf,
  vmDefinitionSchema,
  type VmDefinition,
} from '#api';
import { useConsole, useWords } from '../console.ts';
import { useList } from '../parts/ask.ts';
import { fieldAt } from '../vm/settings/fields.ts';
import { writePatch } from '../vm/settings/merge.ts';
import { placeOf, writeAt } from '../vm/settings/place.ts';
import { Setting } from '../vm/settings/Setting.tsx';
import { SettingsFormContext, type SettingsForm } from '../vm/settings/settings-context.ts';
import { nameSetting } from '../vm/words/setting-words.ts';
import { useVmText } from '../vm/words/vm-words.ts';
import type { Answers } from './create-body.ts';
import type { StepProps } from './CreateSteps.tsx';

/** Answered by the other steps, or made with the vm. */
const elsewhere: readonly string[] = [
  'id',
  'name',
  'guestOs',
  'hardware/profile',
  'hardware/disks',
  'hardware/adapters',
];

export function CreateAdvanced({ answers, choices, change }: StepProps): ReactNode {
  const words = useWords();
  const text = useVmText();
  const { profile, processors, memoryMiB } = answers;
  const defaults = useMemo(
    () => defaultsOf(profile, Number(processors), Number(memoryMiB)),
    [profile, processors, memoryMiB],
  );
  const value = useMemo(
    () => mergePatch(defaults, answers.definition ?? {}),
    [defaults, answers.definition],
  );
  const form: SettingsForm = {
    vm: undefined,
    host: useHostOf(answers, choices),
    value,
    saved: defaults,
    problems: new Map(),
    changed: new Set(),
    pending: new Set(),
    lock: () => undefined,
    canResize: () => true,
    set: (steps, to) => {
      const patch = writePatch(defaults, writeAt(value, steps, to));
      change({ definition: Object.keys(patch).length === 0 ? undefined : patch });
    },
  };
  return (
    <>
      <Content component="p">{text('advancedHint')}</Content>
      <Form onSubmit={(event) => event.preventDefault()}>
        <PlaceFields answers={answers} change={change} />
        <SettingsFormContext value={form}>
          {[...identitySettings, ...settingSections.flatMap(settingsOf)]
            .filter((path) => !elsewhere.includes(path))
            .map((path) => {
              const field = fieldAt(path);
              assert(field !== undefined, `there is a setting ${path}`);
              return (
                <ExpandableSection key={path} toggleText={nameSetting(words, path)}>
                  <Setting field={field} place={placeOf(path)} />
                </ExpandableSection>
              );
            })}
        </SettingsFormContext>
      </Form>
    </>
  );
}

/** Where it will be, as far as that is known: beside its image, or on the only host there is. */
function useHostOf(
  { disk, image, host }: Answers,
  { images }: StepProps['choices'],
): string | undefined {
  const hosts = useList('host.list', { sort: 'name', limit: 1000 }).data?.items ?? [];
  if (disk === 'image') return images.find(({ id }) => id === image)?.hostId;
  if (host !== '') return host;
  return hosts.length === 1 ? hosts[0]?.id : undefined;
}

/** Where it goes and what it is made like. */
function PlaceFields({ answers, change }: Pick<StepProps, 'answers' | 'change'>): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useVmText();
  const hosts = useList('host.list', { sort: 'name', limit: 1000 });
  const guests = useQuery({
    queryKey: ['guest.list'],
    queryFn: ({ signal }) => client.call('guest.list', {}, signal),
  });
  return (
    <>
      <FormGroup label={words.text('host')} fieldId="create-host">
        <FormSelect
          id="create-host"
          value={answers.host}
          isDisabled={answers.disk === 'image'}
          onChange={(_event, host) => change({ host })}
        >
          <FormSelectOption value="" label={text('automatic')} />
          {(hosts.data?.items ?? []).map(({ id, name }) => (
            <FormSelectOption key={id} value={id} label={name} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label={nameSetting(words, 'guestOs')} fieldId="create-guest">
        <FormSelect
          id="create-guest"
          value={answers.guestOs}
          onChange={(_event, guestOs) => change({ guestOs })}
        >
          <FormSelectOption value="" label={text('automatic')} />
          {(guests.data?.items ?? []).map(({ id, name }) => (
            <FormSelectOption key={id} value={id} label={name} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label={nameSetting(words, 'hardware/profile')} fieldId="create-profile">
        <FormSelect
          id="create-profile"
          value={answers.profile}
          onChange={(_event, to) =>
            change({
              profile: to === 'classic' || to === 'modern' ? to : '',
              definition: undefined,
            })
          }
        >
          <FormSelectOption value="" label={text('automatic')} />
          <FormSelectOption value="modern" label={words.told(profiles.modern.meaning)} />
          <FormSelectOption value="classic" label={words.told(profiles.classic.meaning)} />
        </FormSelect>
      </FormGroup>
    </>
  );
}

const nobody = '00000000-0000-4000-8000-000000000000';

/** What the vm would be without anything set here; it may be wrong as yet, as the answers may. */
function defaultsOf(
  profile: Answers['profile'],
  processors: number,
  memoryMiB: number,
): VmDefinition {
  const definition = vmDefinitionSchema.parse({
    id: nobody,
    name: 'new',
    hardware: profiles[profile === '' ? 'modern' : profile].hardware,
  });
  const { hardware } = definition;
  return {
    ...definition,
    hardware: {
      ...hardware,
      processor: { ...hardware.processor, count: processors },
      memory: { ...hardware.memory, sizeBytes: memoryMiB * miB },
    },
  };
}

/** RFC 7396, with null kept as the value it is in a definition. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = { ...(target as object | null) };
  for (const [name, value] of Object.entries(patch)) merged[name] = mergePatch(merged[name], value);
  return merged;
}
