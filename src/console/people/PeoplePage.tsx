/** Who may sign in, and who may do what on which object. */
import { Content, PageSection } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { Grants } from '../access/Grants.tsx';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { pageHelp } from '../manual/help.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { PageTitle } from '../parts/PageTitle.tsx';
import { Users, type AskedOfUser } from './Users.tsx';
import { usePeopleText } from './words.ts';

export function PeoplePage(): ReactNode {
  const words = useWords();
  const text = usePeopleText();
  const { whyNot } = useRights();
  const [asked, ask] = useState<AskedOfUser | undefined>(undefined);
  return (
    <>
      <PageTitle title={words.text('people')} help={pageHelp.people}>
        <JudgedButton
          variant="primary"
          whyNot={whyNot('user.create')}
          onClick={() => ask({ how: 'create' })}
        >
          {text('create')}
        </JudgedButton>
      </PageTitle>
      <Users asked={asked} ask={ask} />
      <PageSection>
        <Grants title={text('rights')} on={{ kind: 'installation', id: '', covers: () => true }} />
        <Content component="p">{text('rightsExplain')}</Content>
      </PageSection>
    </>
  );
}
