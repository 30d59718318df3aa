/**
 * What the guests of vms tell of themselves, as their agents told it last: no guest is asked, and none waited for. A clock goes on, and is
 * asked for now. What guests of libvirt hosts tell, their libvirtd is asked (ask-far.ts).
 */
import type { Vm } from '#api';
import { isFault } from '#lib';
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';
import { requireActive, type Connection } from './connection.ts';
import { guestFactsOf } from './guest-facts.ts';

type Calls = Pick<
  Handlers,
  | 'DOMAIN_GET_GUEST_INFO'
  | 'DOMAIN_GET_FSINFO'
  | 'DOMAIN_GET_HOSTNAME'
  | 'DOMAIN_GET_GUEST_VCPUS'
  | 'DOMAIN_GET_TIME'
  | 'DOMAIN_SET_TIME'
  | 'DOMAIN_SET_USER_PASSWORD'
  | `DOMAIN_FS${'FREEZE' | 'THAW' | 'TRIM'}`
>;

/** VIR_DOMAIN_TIME_SYNC: from the real-time clock of the machine. */
const fromHardware = 1;
/** VIR_DOMAIN_PASSWORD_ENCRYPTED. */
const encrypted = 1;
/** libvirt has none; a guest whose client is gone is not to stand still for good. */
const freezeLimitSeconds = 3600;
/** Of the year 9999, the last one that has four digits. */
const maxTimeMs = 253_402_300_799_999;

export function guestCalls(connection: Connection): Calls {
  const { coordinator, desk, caller } = connection.parts;
  const active = ({ uuid }: DomainHandle): Vm => {
    const vm = connection.find(uuid);
    requireActive(vm);
    return vm;
  };
  return {
    DOMAIN_GET_TIME: async ({ dom }, { signal }) => {
      const params = { vm: active(dom).id };
      const { time } = await answered(desk.ask(caller, 'vm.clock.show', { params }, signal));
      const timeMs = Date.parse(time);
      const seconds = Math.floor(timeMs / 1000);
      return { seconds: BigInt(seconds), nseconds: (timeMs - seconds * 1000) * 1e6 };
    },
    DOMAIN_SET_TIME: async ({ dom, seconds, nseconds, flags }, { signal }) => {
      if ((flags & ~fromHardware) !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', `flags ${flags} say nothing about a clock`);
      const timeMs = Number(seconds) * 1000 + Math.round(nseconds / 1e6);
      if (Math.abs(timeMs) > maxTimeMs)
        throw libvirtFault('INVALID_ARG', `invalid argument: there is no time ${seconds}`);
      const params = { vm: active(dom).id };
      const time = flags === fromHardware ? 'hardware' : new Date(timeMs).toISOString();
      await answered(desk.ask(caller, 'vm.clock.set', { params, body: { time } }, signal));
      return {};
    },
    DOMAIN_SET_USER_PASSWORD: async ({ dom, user, password, flags }, { signal }) => {
      if ((flags & ~encrypted) !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', `flags ${flags} say nothing about a password`);
      const params = { vm: active(dom).id };
      const body = { user, password, isEncrypted: flags === encrypted };
      await answered(desk.ask(caller, 'vm.password.set', { params, body }, signal));
      return {};
    },
    DOMAIN_FSFREEZE: async ({ dom, mountpoints }, { signal }) => {
      const vm = active(dom);
      const isFar = isForeignHost(coordinator.inventory, vm.hostId);
      const body = {
        mountPoints: [...mountpoints],
        ...(isFar ? {} : { limitSeconds: freezeLimitSeconds }),
      };
      const asked = { params: { vm: vm.id }, body };
      const done = await answered(desk.ask(caller, 'vm.freeze.begin', asked, signal));
      return { filesystems: done.fileSystems ?? 0 };
    },
    DOMAIN_FSTHAW: async ({ dom, mountpoints }, { signal }) => {
      const params = { vm: active(dom).id };
      if (mountpoints.length > 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', 'all file systems that are held go on together');
      const done = await answered(desk.ask(caller, 'vm.freeze.end', { params }, signal));
      return { filesystems: done.fileSystems ?? 0 };
    },
    DOMAIN_FSTRIM: async ({ dom, mountPoint, minimum }, { signal }) => {
      const params = { vm: active(dom).id };
      if (mountPoint !== null)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', 'a guest trims all of its file systems');
      const body = { minimumBytes: Number(minimum) };
      await answered(desk.ask(caller, 'vm.trim', { params, body }, signal));
      return {};
    },
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
    DOMAIN_GET_GUEST_VCPUS: ({ dom }) => {
      connection.find(dom.uuid);
      throw libvirtFault(
        'OPERATION_UNSUPPORTED',
        'guests of agents are not asked for their processors',
      );
    },
    DOMAIN_GET_HOSTNAME: ({ dom }) => {
      const vm = connection.find(dom.uuid);
      const { hostName } = guestOf(vm);
      if (hostName) return { hostname: hostName };
      throw libvirtFault('AGENT_UNRESPONSIVE', `the guest agent of ${vm.name} tells no host name`);
    },
  };
}

/** Errors: AGENT_UNRESPONSIVE where nobody answers in the guest; those of the route. */
async function answered<T>(asked: T | Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!isFault(error, 'unavailable')) throw error;
    throw libvirtFault('AGENT_UNRESPONSIVE', error.message);
  }
}

/** Errors: OPERATION_INVALID, AGENT_UNRESPONSIVE. */
function guestOf(vm: Vm): NonNullable<Vm['status']['guest']> {
  requireActive(vm);
  const { name, status } = vm;
  if (status.guest !== null) return status.guest;
  throw libvirtFault('AGENT_UNRESPONSIVE', `no guest agent of ${name} answers`);
}
