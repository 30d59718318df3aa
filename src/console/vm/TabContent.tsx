/** What each tab of a vm's page shows. */
import { type ReactNode } from 'react';
import { identitySettings, settingsOf, type Vm } from '#api';
import { EventList } from '../work/EventList.tsx';
import { OperationTable } from '../work/OperationTable.tsx';
import { ConsoleTab } from './ConsoleTab.tsx';
import { Configuration, firstPage } from './Configuration.tsx';
import { settingsOnPage } from './configuration-pages.ts';
import type { Draft } from './settings/draft.ts';
import { RunAccount } from './RunAccount.tsx';
import { SettingsTab } from './settings/SettingsTab.tsx';
import { Summary } from './Summary.tsx';
import type { VmPlace } from './tabs.ts';
import { lazyPart } from '../parts/lazy-part.ts';

// Screen, terminal and graphs are large and asked for only by those who open them; snapshots too.
const Screen = lazyPart(async () => (await import('./Screen.tsx')).Screen);
const Serial = lazyPart(async () => (await import('./Serial.tsx')).Serial);

const Snapshots = lazyPart(async () => (await import('./snapshots/Snapshots.tsx')).Snapshots);
const VmGraphs = lazyPart(async () => (await import('../graphs/Graphs.tsx')).VmGraphs);

/** What the vm is, under which account, and what becomes of it with its host (WEB-40). */
const generalSettings = [...identitySettings, ...settingsOf('host-actions')];

/** Paths of the settings on the open page. */
export function settingsShown({ tab, section = firstPage }: VmPlace): readonly string[] {
  if (tab === 'identity') return generalSettings;
  return tab === 'configuration' ? settingsOnPage(section) : [];
}

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
    case 'configuration':
      return <Configuration vm={vm} section={place.section} draft={draft} />;
    case 'snapshots':
      return <Snapshots vm={vm} />;
    case 'identity':
      return (
        <>
          <RunAccount vm={vm} draft={draft} />
          <SettingsTab vm={vm} draft={draft} paths={generalSettings} />
        </>
      );
    case 'events':
      return <EventList filter={mine} />;
    case 'operations':
      return <OperationTable filter={mine} />;
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
