/**
 * Where processors and other threads of a vm may run: on any processor of its host. To say so changes nothing; less than that
 * is refused.
 */
import type { Vm } from '#api';
import { libvirtFault, type Handlers } from '#libvirt';
import type { Connection } from './connection.ts';
import { countProcessors, shownHosts } from './shown-hosts.ts';

type Calls = Pick<Handlers, 'DOMAIN_PIN_VCPU' | 'DOMAIN_PIN_VCPU_FLAGS' | 'DOMAIN_PIN_EMULATOR'>;

export function pinCalls(connection: Connection): Calls {
  const pinVcpu = ({
    dom,
    vcpu,
    cpumap,
  }: {
    readonly dom: { readonly uuid: string };
    readonly vcpu: number;
    readonly cpumap: Uint8Array;
  }): Record<string, never> => {
    const vm = connection.find(dom.uuid);
    const { count, maxCount } = vm.definition.hardware.processor;
    if (vcpu >= (maxCount ?? count))
      throw libvirtFault(
        'INVALID_ARG',
        `invalid argument: vcpu ${vcpu} is out of range of the ${maxCount ?? count} of ${vm.name}`,
      );
    requireAnywhere(connection, vm, cpumap);
    return {};
  };
  return {
    DOMAIN_PIN_VCPU: pinVcpu,
    DOMAIN_PIN_VCPU_FLAGS: pinVcpu,
    DOMAIN_PIN_EMULATOR: ({ dom, cpumap }) => {
      requireAnywhere(connection, connection.find(dom.uuid), cpumap);
      return {};
    },
  };
}

/** Errors: OPERATION_UNSUPPORTED. */
function requireAnywhere(
  connection: Connection,
  { hostId, host, name }: Vm,
  map: Uint8Array,
): void {
  const hosts = shownHosts(connection);
  const own = hosts.filter(({ id }) => id === hostId);
  const count = countProcessors(own.length > 0 ? own : hosts);
  const isSet = (processor: number): boolean =>
    ((map[processor >> 3] ?? 0) & (1 << (processor & 7))) !== 0;
  if (Array.from({ length: count }, (_, processor) => processor).every(isSet)) return;
  throw libvirtFault(
    'OPERATION_UNSUPPORTED',
    `${name} runs on any of the ${count} processors of ${host}: its share of them is set by virsh schedinfo`,
  );
}
