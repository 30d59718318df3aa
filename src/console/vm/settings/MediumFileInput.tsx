/**
 * The file in a drive, out of those of the host that are known to fit it; any other one is typed. They are marked with the other vms
 * that have them, where the drive is one of a vm that there is.
 */
import { FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { MediaDrive } from '#api';
import { useList } from '../../parts/ask.ts';
import { UploadMedium } from '../UploadMedium.tsx';
import { labelMedium, useKnownMedia } from '../known-media.ts';
import { useVmText } from '../words/vm-words.ts';
import type { Place } from './place.ts';
import { useSettingsForm } from './settings-context.ts';
import type { InputProps } from './input-props.ts';

/** No path of a file. */
const typed = '';

export function driveOf({ path }: Place): MediaDrive {
  return path.includes('floppy') ? 'floppy' : 'cd';
}

export function MediumFileInput({
  value,
  place,
  onValue,
  ...common
}: InputProps<string> & { readonly place: Place }): ReactNode {
  const text = useVmText();
  const { vm, host } = useSettingsForm();
  const media = useKnownMedia(vm, host).data?.media ?? [];
  const hosts = useList('host.list', { sort: 'name', limit: 1000 }).data?.items ?? [];
  const hostName = hosts.find(({ id }) => id === host)?.name ?? '';
  const drive = driveOf(place);
  const known = media.filter((one) => one.drive === drive && one.medium.kind === 'file');
  const isKnown = known.some(({ path }) => path === value);
  return (
    <>
      {known.length > 0 && (
        <FormSelect
          {...common}
          value={isKnown ? value : typed}
          onChange={(_event, path) => onValue(path)}
        >
          <FormSelectOption value={typed} label={text('otherFile')} />
          {known.map((one) => (
            <FormSelectOption
              key={one.path}
              value={one.path}
              label={`${labelMedium(text, one)} – ${one.path}`}
              isDisabled={one.held}
            />
          ))}
        </FormSelect>
      )}
      {(known.length === 0 || !isKnown) && (
        <TextInput
          {...common}
          {...(known.length === 0
            ? {}
            : { id: `${common.id}-typed`, 'aria-label': text('otherFile') })}
          value={value}
          maxLength={1024}
          onChange={(_event, to) => onValue(to)}
        />
      )}
      {vm === undefined && host !== undefined && (
        <UploadMedium
          host={{ id: host, name: hostName }}
          knownKey={['host.medium.list', host]}
          onDone={onValue}
        />
      )}
    </>
  );
}
