/** Processors that a guest is to use, and keys of its accounts: of vms with an agent nobody asks for either. */
import type { guestWrites } from '#api';
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import { requireActive, type Connection } from './connection.ts';

type Calls = Pick<Handlers, (typeof guestWrites)[number]>;

export function guestAccountCalls(connection: Connection): Calls {
  const refuse =
    (why: string) =>
    ({ dom }: { readonly dom: DomainHandle }): never => {
      const vm = connection.find(dom.uuid);
      requireActive(vm);
      throw libvirtFault('OPERATION_UNSUPPORTED', `${vm.name} ${why}`);
    };
  const keys = refuse(
    'is told of keys by its configuration disk (gantry vm clone --first-boot), or by people within it',
  );
  return {
    DOMAIN_SET_GUEST_VCPUS: refuse(
      'uses all processors that it has: virsh setvcpus changes their number',
    ),
    DOMAIN_AUTHORIZED_SSH_KEYS_GET: keys,
    DOMAIN_AUTHORIZED_SSH_KEYS_SET: keys,
  };
}
