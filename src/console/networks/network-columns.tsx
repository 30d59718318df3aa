/** The columns of networks. */
import { Link } from '@tanstack/react-router';
import type { Network } from '#api';
import { columnOf, type Column } from '../list/column.ts';
import { NetworkStateLabel } from './NetworkStateLabel.tsx';

const column = columnOf<Network>();

export const networkColumns: readonly Column<Network>[] = [
  column({
    key: 'name',
    field: 'name',
    width: 14,
    raw: (network) => network.name,
    show: (network) => (
      <Link to="/networks/$network" params={{ network: network.id }}>
        {network.name}
      </Link>
    ),
  }),
  column({
    key: 'state',
    field: 'state',
    width: 9,
    raw: (network) => network.state,
    say: (state, words) => words.networkState(state),
    show: (network) => <NetworkStateLabel state={network.state} />,
  }),
  column({ key: 'type', field: 'type', width: 8, raw: (network) => network.type }),
  column({
    key: 'addresses',
    width: 12,
    raw: (network) => network.ipv4?.subnet ?? network.adapter ?? '',
  }),
  column({
    key: 'adapters',
    field: 'adapters',
    width: 9,
    raw: (network) => network.adapters,
    say: (count, words) => words.count(count),
  }),
  column({
    key: 'hosts',
    width: 14,
    raw: (network) => network.hosts.map(({ hostName }) => hostName).join(', '),
  }),
  column({ key: 'description', width: 16, raw: (network) => network.description }),
  column({
    key: 'created',
    field: 'createdAt',
    width: 11,
    hidden: true,
    raw: (network) => network.createdAt,
    say: (time, words) => words.time(time),
  }),
];
