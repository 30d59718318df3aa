/**
 * What libvirt's own QEMU driver has beyond processors and memory, of a vm with an agent: threads for disks, counters of the
 * host's processors, bounds of a migration. Gantry has none of them; what there is instead is said.
 */
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import type { Connection } from './connection.ts';

type Calls = Pick<
  Handlers,
  | `DOMAIN_${'PIN' | 'ADD' | 'DEL'}_IOTHREAD`
  | 'DOMAIN_SET_IOTHREAD_PARAMS'
  | 'DOMAIN_SET_PERF_EVENTS'
  | 'DOMAIN_SET_VCPU'
  | 'DOMAIN_START_DIRTY_RATE_CALC'
  | `DOMAIN_MIGRATE_${'GET' | 'SET'}_${'MAX_SPEED' | 'MAX_DOWNTIME' | 'COMPRESSION_CACHE'}`
>;

export function threadCalls(connection: Connection): Calls {
  const refuse =
    (why: string) =>
    ({ dom }: { readonly dom: DomainHandle }): never => {
      const { name } = connection.find(dom.uuid);
      throw libvirtFault('OPERATION_UNSUPPORTED', `${name} ${why}`);
    };
  const threads = refuse('has no threads of its own for disks: QEMU serves them all');
  const counters = refuse('has no counters of its host: virsh domstats tells what is measured');
  const chosen = refuse('has processors by their number, none by itself: virsh setvcpus');
  const rate = refuse('is not measured in this way: a move between hosts tells how far it is');
  const migration = refuse(
    'is bounded when it moves, not before: virsh migrate --bandwidth, then gantry operation pace',
  );
  return {
    DOMAIN_PIN_IOTHREAD: threads,
    DOMAIN_ADD_IOTHREAD: threads,
    DOMAIN_DEL_IOTHREAD: threads,
    DOMAIN_SET_IOTHREAD_PARAMS: threads,
    DOMAIN_SET_PERF_EVENTS: counters,
    DOMAIN_SET_VCPU: chosen,
    DOMAIN_START_DIRTY_RATE_CALC: rate,
    DOMAIN_MIGRATE_GET_MAX_SPEED: migration,
    DOMAIN_MIGRATE_SET_MAX_SPEED: migration,
    DOMAIN_MIGRATE_GET_MAX_DOWNTIME: migration,
    DOMAIN_MIGRATE_SET_MAX_DOWNTIME: migration,
    DOMAIN_MIGRATE_GET_COMPRESSION_CACHE: migration,
    DOMAIN_MIGRATE_SET_COMPRESSION_CACHE: migration,
  };
}
