/** A form over some settings of a vm, as wide as the contract makes it, with what is not saved kept by the page. */
import { Form } from '@patternfly/react-core';
import { useMemo, type ReactNode } from 'react';
import { assert } from '#lib';
import type { Vm } from '#api';
import { useWords } from '../../console.ts';
import { useVmActions } from '../../parts/ask.ts';
import { useVmText } from '../words/vm-words.ts';
import type { Draft } from './draft.ts';
import { fieldAt } from './fields.ts';
import { placeOf, type Place } from './place.ts';
import { Setting, SettingList } from './Setting.tsx';
import { SettingsFormContext, type SettingsForm } from './settings-context.ts';
import { Alert } from '../../parts/Alert.tsx';

/** Gantry's own; nobody sets them. */
const kept: readonly string[] = ['id', 'hardware/profile', 'settings/shutdown/quit/wasRunning'];
/** Facts of a disk's file. */
const fixed: readonly string[] = ['file', 'format', 'sizeBytes'].map(
  (name) => `hardware/disks/${name}`,
);
/** Disks, adapters and folders come and go by requests of their own, while the vm runs too. */
const ownRequests: readonly string[] = ['disks', 'adapters', 'sharedFolders'].map(
  (name) => `hardware/${name}`,
);
/** What only changes while there is no machine. */
const whileOff = 'hardware/bios';

/** Beside its hardware, what a hypervisor of others knows and what is of Gantry alone. */
const beyondLibvirt =
  /^(resources\/cpuReservePercent|settings\/(?!(start\/onHostStart|onGuestReboot|console)(\/|$)).*)$/;

/** Of the machine itself; the rest is about it. */
const isHard = (path: string): boolean => /^(hardware|resources|guestOs)/.test(path);

export function SettingsTab({
  vm,
  draft,
  paths,
}: {
  readonly vm: Vm;
  readonly draft: Draft;
  readonly paths: readonly string[];
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const { data } = useVmActions(vm.id, true);
  const configure = data?.actions.find(({ action }) => action === 'configure');
  const rename = data?.actions.find(({ action }) => action === 'rename');
  const judged = paths.some(isHard) ? configure : rename;
  const form = useMemo((): SettingsForm => {
    const lock = ({ path }: Place): string | undefined => {
      if (kept.includes(path)) return text('readOnlyKept');
      if (fixed.includes(path)) return text('readOnlyFixed');
      if (vm.driver === 'libvirt' && beyondLibvirt.test(path)) return text('beyondLibvirt');
      const needed = isHard(path) ? configure : rename;
      if (needed?.allowed === false && needed.reason !== undefined)
        return words.told(needed.reason);
      return path.startsWith(whileOff) && vm.state !== 'off' ? text('whileOff') : undefined;
    };
    return {
      vm: vm.id,
      value: draft.value,
      saved: draft.saved,
      problems: draft.problems,
      changed: new Set(draft.changes.map(({ path }) => path)),
      pending: new Set(vm.status.pending),
      lock,
      canResize: ({ path }) => !ownRequests.includes(path),
      set: draft.set,
    };
  }, [draft, vm.id, vm.status.pending, vm.state, vm.driver, configure, rename, text, words]);
  return (
    <SettingsFormContext value={form}>
      {judged !== undefined && !judged.allowed && (
        <Alert variant="info" isInline component="p" title={text('readOnlyNow')}>
          {words.whyNot(judged)}
        </Alert>
      )}
      <Form className="settings" onSubmit={(event) => event.preventDefault()}>
        {paths.map((path) => {
          const field = fieldAt(path);
          assert(field !== undefined, `there is a setting ${path}`);
          const place = placeOf(path);
          // A group that is all there is has its name above it already.
          return paths.length === 1 && field.kind === 'group' && !field.nullable ? (
            <SettingList key={path} fields={field.fields} place={place} />
          ) : (
            <Setting key={path} field={field} place={place} />
          );
        })}
      </Form>
    </SettingsFormContext>
  );
}
