/** What the guests of vms tell of themselves, as their agents told it last: no guest is asked, and none waited for. */
import type { Vm } from '#api';
import { libvirtFault, type Handlers } from '#libvirt';
import { requireActive, type Connection } from './connection.ts';
import { guestFactsOf } from './guest-facts.ts';

type Calls = Pick<Handlers, 'DOMAIN_GET_GUEST_INFO' | 'DOMAIN_GET_FSINFO' | 'DOMAIN_GET_HOSTNAME'>;

export function guestCalls(connection: Connection): Calls {
  return {
    DOMAIN_GET_GUEST_INFO: ({ dom, types }) => ({
      params: guestFactsOf(guestOf(connection.find(dom.uuid)), types),
    }),
    DOMAIN_GET_FSINFO: ({ dom }) => {
      const { fileSystems } = guestOf(connection.find(dom.uuid));
      const info = fileSystems.map(({ mountPoint, type }) => ({
        mountpoint: mountPoint,
        // Which device it is on, agents of Gantry do not tell.
        name: '',
        fstype: type,
        dev_aliases: [],
      }));
      return { info, ret: info.length };
    },
    DOMAIN_GET_HOSTNAME: ({ dom }) => {
      const vm = connection.find(dom.uuid);
      const { hostName } = guestOf(vm);
      if (hostName) return { hostname: hostName };
      throw libvirtFault('AGENT_UNRESPONSIVE', `the guest agent of ${vm.name} tells no host name`);
    },
  };
}

/** Errors: OPERATION_INVALID, AGENT_UNRESPONSIVE. */
function guestOf(vm: Vm): NonNullable<Vm['status']['guest']> {
  requireActive(vm);
  const { name, status } = vm;
  if (status.guest !== null) return status.guest;
  throw libvirtFault('AGENT_UNRESPONSIVE', `no guest agent of ${name} answers`);
}
