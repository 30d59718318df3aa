/** The fields of a file of this computer that becomes one of a host, how far it is, and how it ended. */
import { Button, Checkbox, FormGroup, TextInput } from '@patternfly/react-core';
import { useId, type ReactNode } from 'react';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { Sending } from './Sending.tsx';
import { useUploadText } from './upload-words.ts';
import type { Bringing } from './use-bringing.ts';
import { Alert } from '../../parts/Alert.tsx';

export function BringFields({
  bringing,
  host,
  folder,
}: {
  readonly bringing: Bringing;
  /** Its name. */
  readonly host: string;
  /** Where the folder is asked for, too. */
  readonly folder?: { readonly value: string; readonly onValue: (folder: string) => void };
}): ReactNode {
  const text = useUploadText();
  const id = useId();
  const { chosen, name, standing, isSending } = bringing;
  return (
    <>
      {standing.kind === 'failed' && <FailureAlert error={standing.failure} />}
      {standing.kind === 'stopped' && (
        <Alert variant="info" isInline component="p" title={text('stopped')} />
      )}
      {standing.kind === 'done' && (
        <Alert variant="success" isInline component="p" title={text('done', { name, host })} />
      )}
      <FormGroup label={text('file')} fieldId={`${id}-file`} isRequired>
        <input
          id={`${id}-file`}
          type="file"
          // Within what is open it comes in the place of the button that was pressed.
          autoFocus={folder === undefined}
          disabled={isSending}
          onChange={({ currentTarget }) => void bringing.choose(currentTarget.files?.[0])}
        />
      </FormGroup>
      {chosen !== undefined && chosen.packing !== 'none' && (
        <FormGroup fieldId={`${id}-unpack`}>
          <Checkbox
            id={`${id}-unpack`}
            label={text('unpack', { packing: chosen.packing })}
            description={text('unpackHelp')}
            isChecked={bringing.isUnpacked}
            isDisabled={isSending}
            onChange={(_event, isWanted) => bringing.setUnpacked(isWanted)}
          />
        </FormGroup>
      )}
      {(
        [
          ...(folder === undefined ? [] : [['folder', folder.value, folder.onValue, 800] as const]),
          ['name', name, bringing.setName, 200] as const,
        ] as const
      ).map(([key, value, onValue, maxLength]) => (
        <FormGroup key={key} label={text(key)} fieldId={`${id}-${key}`} isRequired>
          <TextInput
            id={`${id}-${key}`}
            isRequired
            isDisabled={isSending}
            maxLength={maxLength}
            value={value}
            onChange={(_event, to) => onValue(to)}
          />
        </FormGroup>
      ))}
      {standing.kind === 'sending' && (
        <Sending progress={standing.progress} isBroken={standing.isBroken} />
      )}
    </>
  );
}

/** The way to begin, and to stop. `form`: the one that the button sends; undefined: it begins by itself. */
export function BringButton({
  bringing,
  form,
}: {
  readonly bringing: Bringing;
  readonly form?: string;
}): ReactNode {
  const text = useUploadText();
  const { isSending, isReady, standing, begin, stop } = bringing;
  // One button that became the other would send the form by the click that stops it.
  return isSending ? (
    <Button key="stop" variant="secondary" onClick={stop}>
      {text('stop')}
    </Button>
  ) : (
    <Button
      key="send"
      isDisabled={!isReady}
      {...(form === undefined ? { onClick: begin } : { type: 'submit', form })}
    >
      {text(standing.kind === 'stopped' ? 'goOn' : 'upload')}
    </Button>
  );
}
