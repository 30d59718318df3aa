/** The configuration of a vm in the contract's groups: their names at the side, each with an address of its own. */
import { Badge, Content } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Vm } from '#api';
import { Additions } from './Additions.tsx';
import {
  configurationPages,
  depthOf,
  settingsOnPage,
  type ConfigurationPage,
} from './configuration-pages.ts';
import { Drives } from './Drives.tsx';
import { EffectiveHardware } from './EffectiveHardware.tsx';
import { GuestFileSystems } from './GuestFileSystems.tsx';
import { Adapters } from './members/Adapters.tsx';
import { Disks } from './members/Disks.tsx';
import { SharedFolders } from './members/SharedFolders.tsx';
import { HelpMark } from '../parts/HelpMark.tsx';
import { sectionHelp } from '../manual/help.ts';
import { Rights } from './Rights.tsx';
import { ScriptRuns } from '../scripts/ScriptRuns.tsx';
import { partOfDraft, type Draft } from './settings/draft.ts';
import { SettingsTab } from './settings/SettingsTab.tsx';
import { useVmText } from './words/vm-words.ts';

export const firstPage: ConfigurationPage = 'host-actions';

const depthClasses = ['', 'part', 'part devices'] as const;

export function Configuration({
  vm,
  section = firstPage,
  draft,
}: {
  readonly vm: Vm;
  readonly section: ConfigurationPage | undefined;
  readonly draft: Draft;
}): ReactNode {
  const text = useVmText();
  return (
    <div className="configuration">
      <nav aria-label={text('configurationGroups')}>
        <ul>
          {configurationPages.map((name) => (
            <li key={name} className={depthClasses[depthOf(name)]}>
              <Link
                to="/vms/$vm"
                params={{ vm: vm.id }}
                search={{ tab: 'configuration', section: name }}
                aria-current={name === section ? 'page' : undefined}
              >
                {text(`section.${name}`)}
              </Link>
              <Changes count={partOfDraft(draft, settingsOnPage(name)).changes.length} />
            </li>
          ))}
        </ul>
      </nav>
      <section aria-label={text(`section.${section}`)}>
        <Content component="h2">
          {text(`section.${section}`)}{' '}
          <HelpMark title={text(`section.${section}`)} place={sectionHelp[section]} />
        </Content>
        <Section vm={vm} section={section} draft={draft} />
      </section>
    </div>
  );
}

function Changes({ count }: { readonly count: number }): ReactNode {
  const text = useVmText();
  if (count === 0) return null;
  return <Badge screenReaderText={text('changes', { count })}>{count}</Badge>;
}

/** The settings of a section, and beside them what of it is no setting. */
function Section({
  vm,
  section,
  draft,
}: {
  readonly vm: Vm;
  readonly section: ConfigurationPage;
  readonly draft: Draft;
}): ReactNode {
  const settings = <SettingsTab vm={vm} draft={draft} paths={settingsOnPage(section)} />;
  switch (section) {
    case 'access':
      return (
        <>
          <Rights vm={vm} />
          {settings}
        </>
      );
    case 'hardware':
      return (
        <>
          {settings}
          <EffectiveHardware vm={vm} />
        </>
      );
    case 'network':
      return (
        <>
          <Adapters vm={vm} />
          {settings}
        </>
      );
    case 'hard-disks':
      return (
        <>
          <Disks vm={vm} />
          {settings}
        </>
      );
    case 'additions':
      return (
        <>
          <Additions vm={vm} />
          <GuestFileSystems vm={vm} />
          <SharedFolders vm={vm} />
          {settings}
        </>
      );
    case 'scripts':
      return (
        <>
          {settings}
          <ScriptRuns of="vm" id={vm.id} scripts={vm.definition.settings.scripts} />
        </>
      );
    case 'floppy':
    case 'cd':
      return (
        <>
          <Drives vm={vm} kinds={[section]} />
          {settings}
        </>
      );
    case 'host-actions':
    case 'memory':
    case 'ports':
    case 'processor':
    case 'storage':
    case 'scsi-controllers':
    case 'serial-ports':
    case 'parallel-port':
      return settings;
  }
}
