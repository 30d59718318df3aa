/**
 * The picture of networks: hosts, networks and vms in columns, with lines for what carries what and for each adapter.
 * Things are lists of links with their menus, in the order in which they stand; the lines are told by a table.
 */
import './topology.css';
import { Button, ExpandableSection } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { vmStandingFacts, type Host, type Network, type Vm } from '#api';
import { useWords } from '../console.ts';
import type { Narrowed } from '../frame/narrowed.ts';
import { HostMenu } from '../hosts/HostMenu.tsx';
import { hostGlyphs } from '../hosts/HostStatusLabel.tsx';
import { NetworkMenu } from '../networks/NetworkMenu.tsx';
import { networkSigns } from '../networks/NetworkStateLabel.tsx';
import { useList } from '../parts/ask.ts';
import { useNarrow } from '../parts/use-narrow.ts';
import { VmActionMenu } from '../vm/VmActionMenu.tsx';
import { layOut, type Layout } from './layout.ts';
import { Lines } from './Lines.tsx';
import { drawPicture, uplinkOf, type Picture } from './picture.ts';
import { ThingNode } from './ThingNode.tsx';
import { TopologyTable } from './TopologyTable.tsx';
import { useOpened, type Opened } from './use-opened.ts';
import { useTopologyText } from './words.ts';

export function Topology({
  networks,
  narrowed,
}: {
  readonly networks: readonly Network[];
  readonly narrowed?: Narrowed | undefined;
}): ReactNode {
  const text = useTopologyText();
  const opened = useOpened(networks, narrowed);
  const [lit, light] = useState<string | undefined>(undefined);
  const picture = drawPicture(
    networks,
    new Map([...opened.vmsOn].map(([id, { items }]) => [id, items])),
  );
  const layout = layOut(picture, useNarrow() ? 'stacked' : 'columns');
  const given = { picture, layout, onLight: light };
  return (
    <>
      <p className="topology-legend">{text('legend')}</p>
      <div className="topology">
        <div
          className="topology-picture"
          style={{ width: layout.width ?? '100%', height: layout.height }}
        >
          <Lines picture={picture} layout={layout} lit={lit} />
          <Hosts {...given} />
          <Networks {...given} opened={opened} />
          <Vms {...given} />
        </div>
      </div>
      <ExpandableSection toggleText={text('table')}>
        <TopologyTable plugs={picture.plugs} />
      </ExpandableSection>
    </>
  );
}

interface Given {
  readonly picture: Picture;
  readonly layout: Layout;
  readonly onLight: (id: string | undefined) => void;
}

function Hosts({ picture, layout, onLight }: Given): ReactNode {
  const words = useWords();
  const hosts = useList('host.list', { sort: 'name', limit: 1000 }).data?.items ?? [];
  const signOf = ({ status }: Host): { glyph: string; tone: string; word: string } => ({
    glyph: hostGlyphs[status],
    tone: status === 'ready' ? 'ok' : 'problem',
    word: words.hostStatus(status),
  });
  const runningOn = (host: Host | undefined): string[] =>
    host?.load === undefined || host.load === null
      ? []
      : [`${words.text('running')}: ${words.count(host.load.running)}`];
  return (
    <ul aria-label={words.text('hosts')}>
      {picture.hosts.map(({ id, name, uplinks }) => {
        // Who may see the network need not see the host.
        const host = hosts.find((one) => one.id === id);
        return (
          <ThingNode
            key={id}
            id={id}
            spot={layout.spots.get(id)}
            sign={host && signOf(host)}
            menu={host && <HostMenu host={host} look="row" />}
            onLight={onLight}
            detail={[...runningOn(host), ...uplinks].join(' · ')}
          >
            <Link to="/hosts/$host" params={{ host: id }}>
              {name}
            </Link>
          </ThingNode>
        );
      })}
    </ul>
  );
}

function Networks({
  picture,
  layout,
  onLight,
  opened,
}: Given & { readonly opened: Opened }): ReactNode {
  const words = useWords();
  const text = useTopologyText();
  const detailOf = (network: Network): string => {
    const { id, type, ipv4, adapters } = network;
    const page = opened.vmsOn.get(id);
    const [shown, total] = [page?.items.length ?? 0, page?.total ?? 0];
    const count =
      shown < total
        ? text('some', { shown: words.count(shown), total: words.count(total) })
        : text('adapters', { count: words.count(adapters) });
    return `${count} · ${uplinkOf(network) ?? ipv4?.subnet ?? type}`;
  };
  return (
    <ul aria-label={words.text('networks')}>
      {picture.networks.map((network) => {
        const { id, name, state } = network;
        const open = opened.isOpen(network);
        return (
          <ThingNode
            key={id}
            id={id}
            spot={layout.spots.get(id)}
            sign={{ ...networkSigns[state], word: words.networkState(state) }}
            menu={
              <>
                {network.adapters > 0 && (
                  <Button
                    variant="plain"
                    aria-expanded={open}
                    aria-label={text(open ? 'hide' : 'show', { name })}
                    icon={<span aria-hidden>{open ? '▾' : '▸'}</span>}
                    onClick={() => opened.toggle(network)}
                  />
                )}
                <NetworkMenu network={network} look="row" />
              </>
            }
            onLight={onLight}
            detail={detailOf(network)}
          >
            <Link to="/networks/$network" params={{ network: id }}>
              {name}
            </Link>
          </ThingNode>
        );
      })}
    </ul>
  );
}

function Vms({ picture, layout, onLight }: Given): ReactNode {
  const words = useWords();
  const text = useTopologyText();
  const detailOf = ({ host, status: { networkUse } }: Vm): string =>
    networkUse === null
      ? host
      : text('flow', {
          received: words.bytes(networkUse.receivedBytesPerSecond),
          sent: words.bytes(networkUse.sentBytesPerSecond),
        });
  return (
    <ul aria-label={words.text('virtualMachines')}>
      {picture.vms.map((vm) => (
        <ThingNode
          key={vm.id}
          id={vm.id}
          spot={layout.spots.get(vm.id)}
          sign={{ ...vmStandingFacts[vm.standing], word: words.state(vm.standing) }}
          menu={<VmActionMenu vm={vm} look="row" />}
          onLight={onLight}
          detail={detailOf(vm)}
        >
          <Link to="/vms/$vm" params={{ vm: vm.id }}>
            {vm.name}
          </Link>
        </ThingNode>
      ))}
    </ul>
  );
}
