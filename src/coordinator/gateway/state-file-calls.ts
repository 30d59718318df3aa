/**
 * States and memory of vms in files that a client names: refused, with what is there instead. A state belongs to its vm (its folder, its
 * rights, its host), and memory of a guest is written nowhere else. The memory of a vm of a libvirt host its libvirtd writes there.
 */
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import type { Connection } from './connection.ts';

type Calls = Pick<
  Handlers,
  | `DOMAIN_SAVE${'' | '_FLAGS' | '_PARAMS'}`
  | `DOMAIN_RESTORE${'' | '_FLAGS' | '_PARAMS'}`
  | `DOMAIN_SAVE_IMAGE_${'GET_XML_DESC' | 'DEFINE_XML'}`
  | `DOMAIN_CORE_DUMP${'' | '_WITH_FORMAT'}`
  | 'DOMAIN_MANAGED_SAVE_DEFINE_XML'
>;

export function stateFileCalls(connection: Connection): Calls {
  const refuseOf =
    (say: (name: string) => string) =>
    ({ dom }: { readonly dom: DomainHandle }): never =>
      refuse(say(connection.find(dom.uuid).name));
  const save = refuseOf(
    (name) =>
      `a state is kept with its vm, and in no other file: virsh managedsave ${name}; virsh start ${name} goes on with it`,
  );
  const dump = refuseOf(
    (name) =>
      `memory of guests is written to no file of a host: virsh snapshot-create-as ${name} keeps it with the vm`,
  );
  const restore = (): never =>
    refuse('states are kept with their vms, and in no other file: virsh start goes on with one');
  return {
    DOMAIN_SAVE: save,
    DOMAIN_SAVE_FLAGS: save,
    DOMAIN_SAVE_PARAMS: save,
    DOMAIN_RESTORE: restore,
    DOMAIN_RESTORE_FLAGS: restore,
    DOMAIN_RESTORE_PARAMS: restore,
    DOMAIN_SAVE_IMAGE_GET_XML_DESC: () =>
      refuse('states are kept with their vms: virsh managedsave-dumpxml describes one'),
    DOMAIN_SAVE_IMAGE_DEFINE_XML: () => refuse(asSaved),
    DOMAIN_MANAGED_SAVE_DEFINE_XML: refuseOf(() => asSaved),
    DOMAIN_CORE_DUMP: dump,
    DOMAIN_CORE_DUMP_WITH_FORMAT: dump,
  };
}

const asSaved =
  'a saved vm goes on as it was saved: virsh managedsave-remove gives its state up, and what is changed then holds from its next start on';

function refuse(why: string): never {
  throw libvirtFault('OPERATION_UNSUPPORTED', why);
}
