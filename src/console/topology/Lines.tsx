/** The lines of the picture; what they say is in the table, too, for those who do not see them. */
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { curve, type Layout, type Spot } from './layout.ts';
import { widthOf, type Picture } from './picture.ts';
import { useTopologyText } from './words.ts';

interface Line {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly look: string;
  readonly title: string;
}

const nowhere: Spot = { x: 0, y: 0, width: 0, height: 0 };

export function Lines({
  picture,
  layout: { spots, width, height },
  lit,
}: {
  readonly picture: Picture;
  readonly layout: Layout;
  /** The thing whose lines are lit. */
  readonly lit: string | undefined;
}): ReactNode {
  const lines = useLines(picture);
  const at = (id: string): Spot => spots.get(id) ?? nowhere;
  return (
    <svg
      className="topology-lines"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden
    >
      {lines.map(({ key, from, to, look, title }) => (
        <path
          key={key}
          d={curve(at(from), at(to))}
          className={`${look}${lit === from || lit === to ? ' lit' : ''}`}
        >
          <title>{title}</title>
        </path>
      ))}
    </svg>
  );
}

function useLines({ carries, plugs }: Picture): readonly Line[] {
  const words = useWords();
  const text = useTopologyText();
  return [
    ...carries.map(({ host, hostName, network, state, bridge, uplink }) => ({
      key: `${host} ${network}`,
      from: host,
      to: network,
      look: `carry ${state}`,
      title: `${hostName}: ${[words.networkState(state), bridge ?? [], uplink ?? []].flat().join(', ')}`,
    })),
    ...plugs.map(({ vm, network, adapter, flow }) => ({
      key: `${vm.id} ${adapter.slot}`,
      from: network.id,
      to: vm.id,
      look: `plug ${adapter.link} flow-${widthOf(flow)}`,
      title: `${vm.name}: ${text('adapter', { slot: adapter.slot })}, ${adapter.mac}, ${text(adapter.link)}`,
    })),
  ];
}
