/** Vms as a list with everything a list has; used for all vms, those of a host and those of a folder. */
import { Switch } from '@patternfly/react-core';
import { Suspense, type ReactNode } from 'react';
import type { HostStatus, Vm } from '#api';
import { useWords } from '../console.ts';
import { allOf } from '../list/all-of.ts';
import type { Column } from '../list/column.ts';
import type { ListPlace } from '../list/place.ts';
import { ThingList } from '../list/ThingList.tsx';
import { useList } from '../parts/ask.ts';
import { lazyPart } from '../parts/lazy-part.ts';
import { VmActionMenu } from '../vm/VmActionMenu.tsx';
import { BulkBar } from './BulkBar.tsx';
import { Thumbnail } from './Thumbnail.tsx';
import { useScreens } from './use-screens.ts';
import { useSelection } from './use-selection.ts';
import { vmColumns, vmRowFields } from './vm-columns.tsx';

// Comes after the list, which does not wait for it.
const StaleHosts = lazyPart(async () => (await import('./StaleHosts.tsx')).StaleHosts);

/** Nothing is heard of such hosts; one without a hypervisor, or whose service is stopped, is heard. */
const away: ReadonlySet<HostStatus> = new Set([
  'agent-not-running',
  'not-communicating',
  'unreachable',
]);

const thumbnailColumn: Column<Vm> = {
  key: 'thumbnail',
  title: 'screen',
  width: 7,
  first: true,
  always: true,
  text: () => '',
  show: (vm) => <Thumbnail vm={vm} />,
  raw: () => null,
};

export function VmList({
  place,
  onPlace,
  within,
}: {
  readonly place: ListPlace;
  readonly onPlace: (place: ListPlace) => void;
  /** Holds always, for example: host = "h1". */
  readonly within?: string;
}): ReactNode {
  const words = useWords();
  const screens = useScreens();
  const selection = useSelection(allOf(within, place.filter));
  const hosts = useList('host.list', {
    sort: 'name',
    limit: 1000,
    fields: 'id,name,status,lastSeenAt,vms',
  });
  const stale =
    within === undefined
      ? hosts.data?.items.filter(({ status, vms }) => away.has(status) && vms > 0)
      : undefined;
  const folders = useList('folder.list', { sort: 'path', limit: 1000 });
  const known = {
    host: hosts.data?.items.map(({ name }) => name) ?? [],
    folder: folders.data?.items.map(({ path }) => path) ?? [],
  };
  const [name, ...others] = vmColumns;
  const columns =
    screens.shown && name !== undefined ? [name, thumbnailColumn, ...others] : vmColumns;
  return (
    <ThingList
      name="vm.list"
      label={words.text('virtualMachines')}
      columns={columns}
      fields={vmRowFields}
      defaultSort="name"
      place={place}
      onPlace={onPlace}
      empty={{ all: words.text('noVms'), filtered: words.text('noVmsFound') }}
      example={words.text('filterExample')}
      known={known}
      {...(within === undefined ? {} : { within })}
      selection={selection}
      rows={screens.shown ? 'tall' : 'low'}
      menu={(vm) => <VmActionMenu vm={vm} look="row" />}
      extra={
        <Switch
          id="thumbnails"
          label={words.text('thumbnails')}
          isDisabled={!screens.allowed}
          isChecked={screens.shown}
          onChange={(_event, on) => screens.setOwn(on)}
        />
      }
    >
      {stale !== undefined && stale.length > 0 && (
        <Suspense fallback={null}>
          <StaleHosts hosts={stale} />
        </Suspense>
      )}
      <BulkBar selection={selection} />
    </ThingList>
  );
}
