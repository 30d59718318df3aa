/** What each tab of a vm's page shows. */
import { lazy, type ReactNode } from 'react';
import type { Vm } from '#api';
import { EventList } from '../work/EventList.tsx';
import { OperationTable } from '../work/OperationTable.tsx';
import { ConsoleTab } from './ConsoleTab.tsx';
import { EffectiveHardware } from './EffectiveHardware.tsx';
import { Adapters, Disks, SharedFolders } from './Members.tsx';
import { Rights } from './Rights.tsx';
import type { Draft } from './settings/draft.ts';
import { SettingsTab } from './settings/SettingsTab.tsx';
import { Summary } from './Summary.tsx';
import { tabSettings, type VmPlace } from './tabs.ts';

// Screen, terminal and graphs are large and asked for only by those who open them.
const Screen = lazy(async () => ({ default: (await import('./Screen.tsx')).Screen }));
const Serial = lazy(async () => ({ default: (await import('./Serial.tsx')).Serial }));

const VmGraphs = lazy(async () => ({ default: (await import('../graphs/Graphs.tsx')).VmGraphs }));

export function TabContent({
  vm,
  place,
  go,
  draft,
}: {
  readonly vm: Vm;
  readonly place: VmPlace;
  readonly go: (place: VmPlace) => void;
  readonly draft: Draft;
}): ReactNode {
  const { tab = 'summary', range = 'hour' } = place;
  const mine = `target.id = "${vm.id}"`;
  const settings = <SettingsTab vm={vm} draft={draft} paths={tabSettings[tab] ?? []} />;
  switch (tab) {
    case 'summary':
      return <Summary vm={vm} />;
    case 'graphs':
      return (
        <VmGraphs
          vm={vm}
          range={range}
          onRange={(chosen) => go({ tab: 'graphs', range: chosen })}
        />
      );
    case 'screen':
    case 'serial':
      return <ConsoleContent vm={vm} kind={tab} />;
    case 'hardware':
      return (
        <>
          {settings}
          <SharedFolders vm={vm} />
          <EffectiveHardware vm={vm} />
        </>
      );
    case 'disks':
      return (
        <>
          <Disks vm={vm} />
          {settings}
        </>
      );
    case 'network':
      return (
        <>
          <Adapters vm={vm} />
          {settings}
        </>
      );
    case 'resources':
    case 'options':
      return settings;
    case 'events':
      return <EventList filter={mine} />;
    case 'operations':
      return <OperationTable filter={mine} />;
    case 'rights':
      return <Rights vm={vm} />;
  }
}

/** Screen or terminal, on the vm's page or alone. */
export function ConsoleContent({
  vm,
  kind,
}: {
  readonly vm: Vm;
  readonly kind: 'screen' | 'serial';
}): ReactNode {
  return (
    <ConsoleTab key={kind} vm={vm} action={kind}>
      {(available) =>
        kind === 'screen' ? (
          <Screen vm={vm} available={available} />
        ) : (
          <Serial vm={vm} available={available} />
        )
      }
    </ConsoleTab>
  );
}
