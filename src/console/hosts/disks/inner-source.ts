/** What is asked of the server about the inside of a disk: of a host's files by their path, of snapshots by the vm's. */
import type { Client, InnerFiles } from '#api';
import { isOfSnapshot, type InnerPlace } from './place.ts';

export interface InnerSource {
  /** What is there: a folder, or without one the partitions. */
  readonly question: {
    readonly queryKey: readonly unknown[];
    readonly queryFn: (context: { readonly signal: AbortSignal }) => Promise<InnerFiles>;
  };
  /** Where the file or folder is saved from; a folder is a tar archive. */
  readonly url: URL;
}

export function innerSource(client: Client, place: InnerPlace): InnerSource {
  if (isOfSnapshot(place)) {
    const { vm, snapshot, ...query } = place;
    const params = { vm, snapshot };
    return {
      question: {
        queryKey: ['vm.snapshot.files', place],
        queryFn: ({ signal }) => client.call('vm.snapshot.files', { params, query }, signal),
      },
      url: client.url('vm.snapshot.file', params, { path: '/', ...query }),
    };
  }
  const { host, ...query } = place;
  const params = { host };
  return {
    question: {
      queryKey: ['host.disk.files', place],
      queryFn: ({ signal }) => client.call('host.disk.files', { params, query }, signal),
    },
    url: client.url('host.disk.file', params, { path: '/', ...query }),
  };
}
