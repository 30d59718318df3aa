/** `virsh memtune`: nobody sets limits of a vm's memory beside its size, so that there are none; to take them away changes nothing. */
import { libvirtFault, paramNumber, uhyperParam, type Handlers } from '#libvirt';
import type { Connection } from './connection.ts';

type Calls = Pick<Handlers, `DOMAIN_${'GET' | 'SET'}_MEMORY_PARAMETERS`>;

/** VIR_DOMAIN_MEMORY_PARAM_UNLIMITED, in KiB: this and more is none. */
const unlimitedKib = 9_007_199_254_740_991n;
const names = ['hard_limit', 'soft_limit', 'swap_hard_limit'];

export function memoryTuneCalls(connection: Connection): Calls {
  return {
    DOMAIN_GET_MEMORY_PARAMETERS: ({ dom, nparams }) => {
      connection.find(dom.uuid);
      const params = names.map((name) => uhyperParam(name, unlimitedKib));
      return { params: params.slice(0, Math.max(0, nparams)), nparams: names.length };
    },
    DOMAIN_SET_MEMORY_PARAMETERS: ({ dom, params }) => {
      const vm = connection.find(dom.uuid);
      for (const param of params) {
        if (!names.includes(param.field))
          throw libvirtFault(
            'INVALID_ARG',
            `invalid argument: parameter '${param.field.slice(0, 80)}' not supported`,
          );
        if ((paramNumber(param) ?? 0) < Number(unlimitedKib))
          throw libvirtFault(
            'OPERATION_UNSUPPORTED',
            `${param.field} is not kept: ${vm.name} has the memory of its size, which virsh setmem changes`,
          );
      }
      return {};
    },
  };
}
