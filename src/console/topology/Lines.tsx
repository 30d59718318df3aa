/** The lines of the picture; what they say is in the table, too, for those who do not see them. */
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { lineOf, type Layout } from './layout.ts';
import { widthOf, type Picture } from './picture.ts';
import { useTopologyText } from './words.ts';

interface Line {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly look: string;
  readonly title: string;
}

export function Lines({
  picture,
  layout,
  lit,
}: {
  readonly picture: Picture;
  readonly layout: Layout;
  /** The thing whose lines are lit. */
  readonly lit: string | undefined;
}): ReactNode {
  const lines = useLines(picture);
  const { width, height } = layout;
  return (
    <svg className="topology-lines" width={width ?? '100%'} height={height} aria-hidden>
      {lines.map(({ key, from, to, look, title }) => (
        <path
          key={key}
          d={lineOf(layout, from, to)}
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
