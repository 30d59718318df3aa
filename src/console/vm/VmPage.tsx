/** The page of a vm: state and actions above, then what the chosen tab shows; the tab is in the address. */
import './vm.css';
import { Bullseye, EmptyState, EmptyStateBody, PageSection, Spinner } from '@patternfly/react-core';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Suspense, type ReactNode } from 'react';
import { isFault } from '#lib';
import type { Vm } from '#api';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useVm } from '../parts/ask.ts';
import { TabBar } from '../parts/TabBar.tsx';
import { vmTabHelp } from '../manual/help.ts';
import { ThingPage } from '../parts/ThingPage.tsx';
import { QuickActions } from './QuickActions.tsx';
import { useDraft } from './settings/draft.ts';
import { SaveBar } from './settings/SaveBar.tsx';
import { parseVmPlace, vmTabs, type VmPlace } from './tabs.ts';
import { settingsShown, TabContent } from './TabContent.tsx';
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
    <ThingPage
      kind="vms"
      name={vm.name}
      help={vmTabHelp[tab]}
      side={
        <>
          <VmStateLabel state={vm.standing} />
          <QuickActions vm={vm} />
          <VmActionMenu vm={vm} look="page" />
        </>
      }
    >
      <TabBar
        name={vm.name}
        tabs={vmTabs}
        open={tab}
        titleOf={(key) => text(`tab.${key}`)}
        onOpen={(to) => go({ tab: to })}
      />
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
      <SaveBar vm={vm} draft={draft} paths={settingsShown(place)} />
    </ThingPage>
  );
}
