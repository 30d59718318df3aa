/** The page of a vm: state and actions above, then what the chosen tab shows; the tab is in the address. */
import './vm.css';
import {
  Breadcrumb,
  BreadcrumbItem,
  Bullseye,
  EmptyState,
  EmptyStateBody,
  Flex,
  PageSection,
  Spinner,
  Tab,
  Tabs,
  TabTitleText,
} from '@patternfly/react-core';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Suspense, type ReactNode } from 'react';
import { isFault } from '#lib';
import type { Vm } from '#api';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useVm } from '../parts/ask.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { useDraft } from './settings/draft.ts';
import { SaveBar } from './settings/SaveBar.tsx';
import { parseVmPlace, vmTabs, type VmPlace, type VmTab } from './tabs.ts';
import { TabContent } from './TabContent.tsx';
import { VmActionMenu } from './VmActionMenu.tsx';
import { VmStateLabel } from './VmStateLabel.tsx';
import { useVmText } from './words/vm-words.ts';

export function VmPage(): ReactNode {
  const { vm } = useParams({ strict: false }) as { vm: string };
  const question = useVm(vm);
  if (isFault(question.error, 'not-found')) return <VmGone />;
  return <Answer question={question}>{(found) => <VmTabs vm={found} />}</Answer>;
}

/** Deleted by somebody, or taken out of this person's sight: the API rightly tells no difference. */
function VmGone(): ReactNode {
  const words = useWords();
  const text = useVmText();
  return (
    <EmptyState titleText={text('vmGone')} headingLevel="h1">
      <EmptyStateBody>
        <p>{text('vmGoneBody')}</p>
        <Link to="/vms">{words.text('virtualMachines')}</Link>
      </EmptyStateBody>
    </EmptyState>
  );
}

function VmTabs({ vm }: { readonly vm: Vm }): ReactNode {
  const words = useWords();
  const text = useVmText();
  const navigate = useNavigate();
  const draft = useDraft(vm);
  const place = parseVmPlace(useSearch({ strict: false }));
  const { tab = 'summary' } = place;
  const go = (search: VmPlace): void =>
    void navigate({ to: '/vms/$vm', params: { vm: vm.id }, search });
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
          onSelect={(_event, key) => go({ tab: key as VmTab })}
          usePageInsets
          aria-label={vm.name}
        >
          {vmTabs.map((key) => (
            <Tab
              key={key}
              eventKey={key}
              title={<TabTitleText>{text(`tab.${key}`)}</TabTitleText>}
              tabContentId={`tab-${key}`}
            />
          ))}
        </Tabs>
      </PageSection>
      <PageSection isFilled id={`tab-${tab}`} role="tabpanel" aria-label={text(`tab.${tab}`)}>
        <Suspense
          fallback={
            <Bullseye>
              <Spinner aria-label={words.text('loading')} />
            </Bullseye>
          }
        >
          <TabContent vm={vm} place={place} go={go} draft={draft} />
        </Suspense>
      </PageSection>
      <SaveBar vm={vm} draft={draft} />
    </>
  );
}
