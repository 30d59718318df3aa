/** Why the person here may not decide about others at the consoles of a vm; undefined where they may. */
import { useQuery } from '@tanstack/react-query';
import type { Vm } from '#api';
import { useConsole } from '../../console.ts';
import { useVmText } from '../words/vm-words.ts';

const verb = 'vm.supervise';

export function useWhyNotSupervise(vm: Vm): string | undefined {
  const { client } = useConsole();
  const text = useVmText();
  const { data } = useQuery({
    queryKey: ['right.explain', vm.id, verb],
    staleTime: 0,
    queryFn: ({ signal }) => client.call('right.explain', { query: { verb, vm: vm.id } }, signal),
  });
  // Until it is known nothing is greyed: the server judges anyway.
  return data?.allowed === false ? text('lacksRight', { right: verb }) : undefined;
}
