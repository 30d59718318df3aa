/** One vm: summary, screen, serial console, events, operations, and what may be done with it. */
import {
  Breadcrumb,
  BreadcrumbItem,
  Bullseye,
  Flex,
  PageSection,
  Spinner,
  Tab,
  Tabs,
  TabTitleText,
} from '@patternfly/react-core';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useVm } from '../parts/ask.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { EventTable } from '../work/EventTable.tsx';
import { OperationTable } from '../work/OperationTable.tsx';
import { ConsoleTab } from './ConsoleTab.tsx';
import { Summary } from './Summary.tsx';
import { parseVmTab, vmTabs, type VmTab } from './tabs.ts';
import { VmActionMenu } from './VmActionMenu.tsx';
import { VmStateLabel } from './VmStateLabel.tsx';

// Screen and terminal are large and asked for only by those who open them.
const Screen = lazy(async () => ({ default: (await import('./Screen.tsx')).Screen }));
const Serial = lazy(async () => ({ default: (await import('./Serial.tsx')).Serial }));

export function VmPage(): ReactNode {
  const { vm } = useParams({ strict: false }) as { vm: string };
  return <Answer question={useVm(vm)}>{(found) => <VmTabs vm={found} />}</Answer>;
}

function VmTabs({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  const { tab = 'summary' } = parseVmTab(useSearch({ strict: false }));
  const open = (to: VmTab): void =>
    void navigate({ to: '/vms/$vm', params: { vm: vm.id }, search: { tab: to } });
  return (
    <>
      <PageSection>
        <Breadcrumb>
          <BreadcrumbItem
            render={({ className }) => (
              <Link className={className} to="/vms">
                {words.text('virtualMachines')}
              </Link>
            )}
          />
          <BreadcrumbItem isActive>{vm.name}</BreadcrumbItem>
        </Breadcrumb>
      </PageSection>
      <PageTitle title={vm.name}>
        <Flex alignItems={{ default: 'alignItemsCenter' }}>
          <VmStateLabel state={vm.state} />
          <VmActionMenu vm={vm} look="page" />
        </Flex>
      </PageTitle>
      <PageSection type="tabs">
        <Tabs
          activeKey={tab}
          onSelect={(_event, key) => open(key as VmTab)}
          usePageInsets
          aria-label={vm.name}
        >
          {vmTabs.map((key) => (
            <Tab
              key={key}
              eventKey={key}
              title={<TabTitleText>{words.text(key)}</TabTitleText>}
              tabContentId={`tab-${key}`}
            />
          ))}
        </Tabs>
      </PageSection>
      <PageSection isFilled id={`tab-${tab}`} role="tabpanel" aria-label={words.text(tab)}>
        <Suspense
          fallback={
            <Bullseye>
              <Spinner aria-label={words.text('loading')} />
            </Bullseye>
          }
        >
          <TabContent vm={vm} tab={tab} />
        </Suspense>
      </PageSection>
    </>
  );
}

function TabContent({ vm, tab }: { readonly vm: Vm; readonly tab: VmTab }): ReactNode {
  const mine = `target.id = "${vm.id}"`;
  switch (tab) {
    case 'summary':
      return <Summary vm={vm} />;
    case 'screen':
      return (
        <ConsoleTab vm={vm} action="screen">
          <Screen vm={vm} />
        </ConsoleTab>
      );
    case 'serial':
      return (
        <ConsoleTab vm={vm} action="serial">
          <Serial vm={vm} />
        </ConsoleTab>
      );
    case 'events':
      return <EventTable filter={mine} />;
    case 'operations':
      return <OperationTable filter={mine} />;
  }
}
