/**
 * What a host gives a domain. Where Gantry decides by itself, there is nothing to show: empty lists, as for kinds of objects that
 * it has not (empty-calls.ts). Each tells of a domain that is not there.
 */
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import { requireActive, type Connection } from './connection.ts';
import { countProcessors, mapProcessors, shownHosts } from './shown-hosts.ts';
import { whole } from './domain-stats.ts';

type Calls = Pick<
  Handlers,
  | 'DOMAIN_GET_VCPUS'
  | `DOMAIN_GET_${'VCPU' | 'EMULATOR'}_PIN_INFO`
  | `DOMAIN_GET_${'BLKIO' | 'NUMA'}_PARAMETERS`
  | 'DOMAIN_GET_PERF_EVENTS'
  | 'DOMAIN_GET_IOTHREAD_INFO'
  | 'DOMAIN_GET_LAUNCH_SECURITY_INFO'
>;

/** virVcpuState. */
const vcpuRuns = 1;
/** VIR_VCPU_INFO_CPU_UNAVAILABLE: of which processor of its host one runs on, hosts do not tell. */
const untold = -2;
/** Of both lists: more is asked for by nobody who means it. */
const maxMapBytes = 64 * 1024;

export function tuningCalls(connection: Connection): Calls {
  const alwaysSo = <T>({ uuid }: DomainHandle, answer: T): T => {
    connection.find(uuid);
    return answer;
  };
  const noParams = ({ dom }: { readonly dom: DomainHandle }): { params: []; nparams: number } =>
    alwaysSo(dom, { params: [], nparams: 0 });
  return {
    DOMAIN_GET_VCPUS: ({ dom, maxinfo, maplen }) => {
      const vm = connection.find(dom.uuid);
      requireActive(vm);
      const { count } = vm.definition.hardware.processor;
      const shown = Math.min(count, Math.max(0, maxinfo));
      const cpu_time = whole(connection.parts.counters.of(vm.id).cpuNs / count);
      const info = Array.from({ length: shown }, (_, number) => ({
        number,
        state: vcpuRuns,
        cpu_time,
        cpu: untold,
      }));
      return { info, cpumaps: anywhere(connection, shown, maplen) };
    },
    DOMAIN_GET_VCPU_PIN_INFO: ({ dom, ncpumaps, maplen }) => {
      const { count } = connection.find(dom.uuid).definition.hardware.processor;
      const shown = Math.min(count, Math.max(0, ncpumaps));
      return { cpumaps: anywhere(connection, shown, maplen), num: shown };
    },
    DOMAIN_GET_EMULATOR_PIN_INFO: ({ dom, maplen }) =>
      alwaysSo(dom, { cpumaps: anywhere(connection, 1, maplen), ret: 1 }),
    DOMAIN_GET_BLKIO_PARAMETERS: noParams,
    DOMAIN_GET_NUMA_PARAMETERS: noParams,
    DOMAIN_GET_LAUNCH_SECURITY_INFO: ({ dom }) => alwaysSo(dom, { params: [] }),
    DOMAIN_GET_PERF_EVENTS: ({ dom }) => alwaysSo(dom, { params: [] }),
    DOMAIN_GET_IOTHREAD_INFO: ({ dom }) => alwaysSo(dom, { info: [], ret: 0 }),
  };
}

/** Maps of the processors that something may run on: all. Errors: INVALID_ARG. */
function anywhere(connection: Connection, maps: number, mapBytes: number): Buffer {
  const bytes = maps * Math.max(0, mapBytes);
  if (bytes <= maxMapBytes) {
    const one = mapProcessors(countProcessors(shownHosts(connection)), Math.max(0, mapBytes));
    return Buffer.concat(Array.from({ length: maps }, () => one));
  }
  throw libvirtFault('INVALID_ARG', `maps of ${bytes} bytes are asked for`);
}
