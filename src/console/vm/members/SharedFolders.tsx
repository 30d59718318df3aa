/** The folders of the host that a vm shares. */
import type { ReactNode } from 'react';
import { sharedFolderAddSchema, type Vm } from '#api';
import { useConsole } from '../../console.ts';
import { RequestDialog } from '../settings/RequestDialog.tsx';
import { MemberTable } from './MemberTable.tsx';

export function SharedFolders({ vm }: { readonly vm: Vm }): ReactNode {
  const { client } = useConsole();
  const params = { vm: vm.id };
  return (
    <MemberTable
      vm={vm}
      path="hardware/sharedFolders"
      action="configure"
      columns={['name', 'hostPath']}
      members={vm.definition.hardware.sharedFolders.map(({ name, hostPath }) => ({
        key: name,
        name,
        facts: [name, hostPath],
        remove: () => client.call('vm.share.remove', { params: { ...params, name } }),
      }))}
      dialog={(title, onClose) => (
        <RequestDialog
          title={title}
          name="folder"
          schema={sharedFolderAddSchema}
          onClose={onClose}
          onSend={(body) => client.call('vm.share.add', { params, body })}
        />
      )}
    />
  );
}
