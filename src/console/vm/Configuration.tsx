/** The configuration of a vm in the contract's groups: their names at the side, each with an address of its own. */
import { Badge, Content } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { isHardwarePart, settingSections, settingsOf, type SettingSection, type Vm } from '#api';
import { Additions } from './Additions.tsx';
import { Drives } from './Drives.tsx';
import { EffectiveHardware } from './EffectiveHardware.tsx';
import { Adapters } from './members/Adapters.tsx';
import { Disks } from './members/Disks.tsx';
import { SharedFolders } from './members/SharedFolders.tsx';
import { HelpMark } from '../parts/HelpMark.tsx';
import { sectionHelp } from '../manual/help.ts';
import { Rights } from './Rights.tsx';
import { ScriptRuns } from './ScriptRuns.tsx';
import type { Draft } from './settings/draft.ts';
import { placeOf } from './settings/place.ts';
import { SettingsTab } from './settings/SettingsTab.tsx';
import { useVmText } from './words/vm-words.ts';

const first: SettingSection = 'host-actions';

export function Configuration({
  vm,
  section = first,
  draft,
}: {
  readonly vm: Vm;
  readonly section: SettingSection | undefined;
  readonly draft: Draft;
}): ReactNode {
  const text = useVmText();
  return (
    <div className="configuration">
      <nav aria-label={text('configurationGroups')}>
        <ul>
          {settingSections.map((name) => (
            <li key={name} className={isHardwarePart(name) ? 'part' : ''}>
              <Link
                to="/vms/$vm"
                params={{ vm: vm.id }}
                search={{ tab: 'configuration', section: name }}
                aria-current={name === section ? 'page' : undefined}
              >
                {text(`section.${name}`)}
              </Link>
              <Changes count={countChanges(draft, name)} />
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

function countChanges(draft: Draft, section: SettingSection): number {
  const tops = settingsOf(section).map((path) => `${placeOf(path).settingPath}/`);
  return draft.changes.filter(({ path }) => tops.some((top) => `${path}/`.startsWith(top))).length;
}

/** The settings of a section, and beside them what of it is no setting. */
function Section({
  vm,
  section,
  draft,
}: {
  readonly vm: Vm;
  readonly section: SettingSection;
  readonly draft: Draft;
}): ReactNode {
  const settings = <SettingsTab vm={vm} draft={draft} paths={settingsOf(section)} />;
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
    case 'storage':
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
          <SharedFolders vm={vm} />
          {settings}
        </>
      );
    case 'scripts':
      return (
        <>
          {settings}
          <ScriptRuns vm={vm} />
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
      return settings;
  }
}
