/**
 * States and memory of vms in files that a client names. States are refused, with what is there instead: one belongs to its vm (its folder,
 * its rights, its host). All memory of a vm is written to a new file of its host by a special function of its driver, where that has it;
 * that of a vm of a libvirt host its libvirtd writes there.
 */
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import type { HostDocument } from '../documents.ts';
import { requireActive, type Connection } from './connection.ts';

type Calls = Pick<
  Handlers,
  | `DOMAIN_SAVE${'' | '_FLAGS' | '_PARAMS'}`
  | `DOMAIN_RESTORE${'' | '_FLAGS' | '_PARAMS'}`
  | `DOMAIN_SAVE_IMAGE_${'GET_XML_DESC' | 'DEFINE_XML'}`
  | `DOMAIN_CORE_DUMP${'' | '_WITH_FORMAT'}`
>;

const extension = 'dump-memory';
/** virDomainCoreDumpFlags. A vm stands still while its memory is written, in whatever way it is asked for. */
const live = 2;
const memoryOnly = 16;
/** virDomainCoreDumpFormat. */
const formats: readonly string[] = ['elf', 'kdump-zlib', 'kdump-lzo', 'kdump-snappy'];

export function stateFileCalls(connection: Connection): Calls {
  const refuseOf =
    (say: (name: string) => string) =>
    ({ dom }: { readonly dom: DomainHandle }): never =>
      refuse(say(connection.find(dom.uuid).name));
  const save = refuseOf(
    (name) =>
      `a state is kept with its vm, and in no other file: virsh managedsave ${name}; virsh start ${name} goes on with it`,
  );
  const dump = async (
    { dom, to, flags }: { readonly dom: DomainHandle; readonly to: string; readonly flags: number },
    format: string | undefined,
    signal: AbortSignal,
  ): Promise<Record<string, never>> => {
    const vm = connection.find(dom.uuid);
    requireActive(vm);
    const { coordinator, desk, caller } = connection.parts;
    const { facts } = coordinator.inventory.document<HostDocument>('host', vm.hostId)?.data ?? {};
    if (facts?.extensions?.some(({ name }) => name === extension) !== true)
      refuse(
        `memory of guests of ${vm.host} is written to no file: virsh snapshot-create-as ${vm.name} keeps it with the vm`,
      );
    if ((flags & memoryOnly) === 0)
      refuse(
        `memory is written for programs that look into it: virsh dump --memory-only ${vm.name} FILE`,
      );
    if ((flags & ~(memoryOnly | live)) !== 0)
      refuse('what becomes of a vm afterwards is said by itself: virsh destroy, virsh reset');
    if (format === undefined) refuse(`there are the formats ${formats.join(', ')}`);
    const asked = { params: { vm: vm.id, extension }, body: { argument: `${format} ${to}` } };
    await desk.ask(caller, 'vm.extension', asked, signal);
    return {};
  };
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
    DOMAIN_SAVE_IMAGE_DEFINE_XML: () =>
      refuse(
        'states are kept with their vms: virsh managedsave-edit changes what may change of one',
      ),
    DOMAIN_CORE_DUMP: (args, { signal }) => dump(args, formats[0], signal),
    DOMAIN_CORE_DUMP_WITH_FORMAT: (args, { signal }) =>
      dump(args, formats[args.dumpformat], signal),
  };
}

function refuse(why: string): never {
  throw libvirtFault('OPERATION_UNSUPPORTED', why);
}
