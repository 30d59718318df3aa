/** Why the person here may not decide about others at the consoles of a vm; undefined where they may. */
import type { Vm } from '#api';
import { useRights } from '../../access/use-rights.ts';

export function useWhyNotSupervise(vm: Vm): string | undefined {
  return useRights({ vm: vm.id }).whyLacking('vm.supervise');
}
