/** Questions to the server, kept under the route's name: live changes find them by it (live/live.ts). */
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { CallInput, CallOutput, Operation, Page, Vm, Host, Image } from '#api';
import { useConsole } from '../console.ts';

interface Lists {
  readonly 'vm.list': Vm;
  readonly 'host.list': Host;
  readonly 'operation.list': Operation;
  readonly 'image.list': Image;
}

export function useList<N extends keyof Lists>(
  name: N,
  query: NonNullable<CallInput<N>['query']>,
): UseQueryResult<Page<Lists[N]>> {
  const { client } = useConsole();
  return useQuery({
    queryKey: [name, query],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (await client.call(name, { query } as CallInput<N>, signal)) as unknown as Page<Lists[N]>,
  });
}

export function useVm(vm: string): UseQueryResult<Vm> {
  const { client } = useConsole();
  return useQuery({
    queryKey: ['vm.show', vm],
    queryFn: ({ signal }) => client.call('vm.show', { params: { vm } }, signal),
  });
}

/** What may be done with the vm now, and why not; asked only while somebody looks. */
export function useVmActions(
  vm: string,
  enabled: boolean,
): UseQueryResult<CallOutput<'vm.actions'>> {
  const { client } = useConsole();
  return useQuery({
    queryKey: ['vm.actions', vm],
    enabled,
    queryFn: ({ signal }) => client.call('vm.actions', { params: { vm } }, signal),
  });
}
