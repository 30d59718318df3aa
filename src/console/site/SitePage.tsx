/** The settings of the site: those of everybody, and which of them one chooses for oneself. */
import { Content, PageSection, Switch } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Installation } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { Answer } from '../parts/Answer.tsx';
import { useInstallation } from '../parts/ask.ts';
import { FactList, type Facts } from '../parts/FactList.tsx';
import { pageHelp } from '../manual/help.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import type { OwnText } from '../i18n/own-text.ts';
import type { Words } from '../i18n/words.ts';
import { nameSetting } from '../vm/words/setting-words.ts';
import { useOwnScreens } from '../vms/use-screens.ts';
import { Certificates } from './Certificates.tsx';
import { ChangeSite } from './ChangeSite.tsx';
import { Encryption } from './Encryption.tsx';
import { Quotas } from './Quotas.tsx';
import { Roles } from './roles/Roles.tsx';
import { SearchPaths } from './SearchPaths.tsx';
import { useSiteText, type SiteTextKey } from './words.ts';

export function SitePage(): ReactNode {
  const words = useWords();
  const question = useInstallation({ enabled: true });
  const { whyNot } = useRights();
  const [changes, setChanges] = useState(false);
  return (
    <>
      <PageTitle title={words.text('siteSettings')} help={pageHelp.site}>
        <Link to="/attributes" search={{ kind: 'installation', id: '' }}>
          {words.text('objectAttributes')}
        </Link>
        <JudgedButton
          whyNot={whyNot('installation.update')}
          isDisabled={question.data === undefined}
          onClick={() => setChanges(true)}
        >
          {words.text('change')}
        </JudgedButton>
      </PageTitle>
      <Answer question={question}>
        {(installation) => (
          <>
            <WholeSite installation={installation} />
            <SearchPaths />
            <Encryption installation={installation} />
            <Certificates />
            <Quotas />
            <Roles />
            <OwnSettings installation={installation} />
            {changes && (
              <ChangeSite installation={installation} onClose={() => setChanges(false)} />
            )}
          </>
        )}
      </Answer>
    </>
  );
}

function WholeSite({ installation }: { readonly installation: Installation }): ReactNode {
  const words = useWords();
  const text = useSiteText();
  const facts = Object.entries(installation.settings)
    .filter(([name]) => name !== 'plainHttp')
    .map(([name, value]): Facts[number] => [
      nameSetting(words, name),
      tellValue(words, text, value),
    ]);
  return (
    <PageSection>
      <Content component="h2">{text('whole')}</Content>
      <Content component="p">{text('explain')}</Content>
      <FactList facts={facts} columns={{ xl: '2Col' }} />
    </PageSection>
  );
}

function tellValue(
  words: Words,
  text: OwnText<SiteTextKey>,
  value: boolean | number | string | readonly string[],
): string {
  if (typeof value === 'boolean') return text(value ? 'yes' : 'no');
  if (typeof value === 'number') return words.count(value);
  return value.length === 0 ? words.text('none') : [value].flat().join(', ');
}

function OwnSettings({ installation }: { readonly installation: Installation }): ReactNode {
  const text = useSiteText();
  const [own, setOwn] = useOwnScreens();
  const { thumbnails } = installation.settings;
  return (
    <PageSection>
      <Content component="h2">{text('own')}</Content>
      <Switch
        id="own-screens"
        label={text('ownScreens')}
        isDisabled={!thumbnails}
        isChecked={own && thumbnails}
        onChange={(_event, on) => setOwn(on)}
      />
      {!thumbnails && <Content component="p">{text('screensOff')}</Content>}
    </PageSection>
  );
}
