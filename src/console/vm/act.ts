/** Doing something with a vm: the call, what is said of it, and what is said when it has failed later. */
import { isFault } from '#lib';
import { powerActions, type Operation, type PowerAction, type Vm, type VmAction } from '#api';
import { useConsole, useWords } from '../console.ts';

export type OfferedAction = PowerAction | 'remove' | 'delete';

export function isOffered(action: VmAction): action is OfferedAction {
  return (
    action === 'remove' || action === 'delete' || powerActions.some((power) => power === action)
  );
}

/** Never fails: what goes wrong is told as a notice. */
export function useAct(): (vm: Vm, action: OfferedAction) => Promise<void> {
  const { client, live, notices } = useConsole();
  const words = useWords();
  const begin = (vm: Vm, action: OfferedAction): Promise<Operation> => {
    if (action === 'delete') return client.call('vm.delete', { params: { vm: vm.id } });
    if (action === 'remove') return client.call('vm.remove', { params: { vm: vm.id } });
    return client.call('vm.act', { params: { vm: vm.id, action }, body: {} });
  };
  return async (vm, action) => {
    const values = { action: words.action(action), name: vm.name };
    try {
      const operation = await begin(vm, action);
      live.onEnd(operation, (ended) => {
        if (ended.state === 'failed' && ended.fault !== null)
          notices.fail(words.text('whatGoesWrong', values), ended.fault);
        else if (ended.state === 'done') notices.tell(words.text('actionTaken', values));
      });
    } catch (error) {
      if (!isFault(error, 'unauthenticated'))
        notices.fail(words.text('whatGoesWrong', values), error);
    }
  };
}
