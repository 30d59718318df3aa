/** Doing something with a vm: the call, what is said of it, and what is said when it has failed later. */
import { isFault } from '#lib';
import type { Operation, Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { useOutcome } from '../parts/use-outcome.ts';
import type { ImmediateAction } from './offered.ts';

/** Never fails: what goes wrong is told as a notice. */
/** `disks`: of a vm that is deleted. */
export function useAct(): (
  vm: Vm,
  action: ImmediateAction,
  disks?: 'delete' | 'keep',
) => Promise<void> {
  const { client, notices } = useConsole();
  const tellOutcome = useOutcome();
  const words = useWords();
  const begin = (vm: Vm, action: ImmediateAction, disks: 'delete' | 'keep'): Promise<Operation> => {
    const params = { vm: vm.id };
    if (action === 'delete') return client.call('vm.delete', { params, query: { disks } });
    if (action === 'make-template') return client.call('vm.template.make', { params });
    if (action === 'end-template') return client.call('vm.template.end', { params });
    if (action === 'remove') return client.call('vm.remove', { params });
    return client.call('vm.act', { params: { ...params, action }, body: {} });
  };
  return async (vm, action, disks = 'delete') => {
    const values = { action: words.action(action), name: vm.name };
    try {
      tellOutcome(values, await begin(vm, action, disks));
    } catch (error) {
      if (!isFault(error, 'unauthenticated'))
        notices.fail(words.text('whatGoesWrong', values), error);
    }
  };
}
