/** Questions to the server, kept under the route's name: live changes find them by it (live/live.ts). */
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import type {
  CallInput,
  CallOutput,
  Client,
  Folder,
  Host,
  Image,
  Installation,
  Network,
  Operation,
  Page,
  Team,
  Vm,
} from '#api';
import { useConsole } from '../console.ts';

export interface Lists {
  readonly 'vm.list': Vm;
  readonly 'folder.list': Folder;
  readonly 'host.list': Host;
  readonly 'operation.list': Operation;
  readonly 'image.list': Image;
  readonly 'team.list': Team;
  readonly 'network.list': Network;
}

export type ListName = keyof Lists;
export type ListQuestion<N extends ListName> = NonNullable<CallInput<N>['query']>;

/** One page of a list, as it is asked for and kept. */
export function pageQuestion<N extends ListName>(
  client: Client,
  name: N,
  query: ListQuestion<N>,
): {
  readonly queryKey: readonly unknown[];
  readonly queryFn: (context: { readonly signal: AbortSignal }) => Promise<Page<Lists[N]>>;
} {
  return {
    queryKey: [name, query],
    queryFn: async ({ signal }) =>
      (await client.call(name, { query } as CallInput<N>, signal)) as unknown as Page<Lists[N]>,
  };
}

export function useList<N extends ListName>(
  name: N,
  query: ListQuestion<N>,
  how: { readonly enabled: boolean } = { enabled: true },
): UseQueryResult<Page<Lists[N]>> {
  const { client } = useConsole();
  return useQuery({
    ...pageQuestion(client, name, query),
    placeholderData: keepPreviousData,
    enabled: how.enabled,
  });
}

/** Under the name of the hosts' list: what is wrong with the installation changes with its hosts. */
export const installationKey = ['host.list', 'installation'] as const;

/** As the installation: whether TLS is off changes with its settings. */
export const healthyKey = ['host.list', 'healthy'] as const;

export function useInstallation(how: { readonly enabled: boolean }): UseQueryResult<Installation> {
  const { client } = useConsole();
  return useQuery({
    queryKey: installationKey,
    queryFn: ({ signal }) => client.call('installation.show', {}, signal),
    enabled: how.enabled,
  });
}

export function useHost(host: string): UseQueryResult<Host> {
  const { client } = useConsole();
  return useQuery({
    queryKey: ['host.show', host],
    queryFn: ({ signal }) => client.call('host.show', { params: { host } }, signal),
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
