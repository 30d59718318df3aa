/**
 * What is not saved, at the foot of the page, whichever tab is open: how much, all or what is on the open page alone, a look at each old and new
 * value before it is saved, and what to do where somebody else has changed the same.
 */
import { ActionList, ActionListItem, Button } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useWords } from '../../console.ts';
import { nameSettingPath } from '../words/setting-words.ts';
import { useVmText } from '../words/vm-words.ts';
import { ChangeTable } from './ChangeTable.tsx';
import { partOfDraft, type Draft } from './draft.ts';
import { ReviewChanges } from './ReviewChanges.tsx';
import { Alert } from '../../parts/Alert.tsx';

export function SaveBar({
  vm,
  draft,
  paths,
}: {
  readonly vm: Vm;
  readonly draft: Draft;
  /** Of the settings on the open page. */
  readonly paths: readonly string[];
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const [review, setReview] = useState<'all' | 'page' | undefined>(undefined);
  if (draft.changes.length === 0) return null;
  const onPage = partOfDraft(draft, paths);
  const isPart = onPage.changes.length > 0 && onPage.changes.length < draft.changes.length;
  return (
    <section className="save-bar" aria-label={text('changedSettings')}>
      {draft.others.length > 0 && (
        <Alert variant="info" isInline isPlain component="p" title={text('anotherSaved')}>
          {draft.others.map(({ path }) => nameSettingPath(words, path)).join('; ')}
        </Alert>
      )}
      {draft.conflicts.length > 0 && (
        <Alert
          variant="warning"
          isInline
          component="p"
          title={text('bothChanged')}
          actionLinks={
            <>
              <Button variant="secondary" onClick={() => draft.decide('mine')}>
                {text('keepMine')}
              </Button>
              <Button variant="secondary" onClick={() => draft.decide('theirs')}>
                {text('takeTheirs')}
              </Button>
            </>
          }
        >
          <p>{text('bothChangedBody')}</p>
          <ChangeTable
            columns={[text('wasRunning'), text('mine'), text('theirs')]}
            rows={draft.conflicts.map(({ path, base, mine, theirs }) => ({
              path,
              values: [base, mine, theirs],
            }))}
          />
        </Alert>
      )}
      <ActionList>
        <ActionListItem>
          <span role="status">{text('changes', { count: draft.changes.length })}</span>
        </ActionListItem>
        <ActionListItem>
          <Button isDisabled={draft.conflicts.length > 0} onClick={() => setReview('all')}>
            {text('reviewChanges')}
          </Button>
        </ActionListItem>
        {isPart && (
          <ActionListItem>
            <Button
              variant="secondary"
              isDisabled={draft.conflicts.length > 0}
              onClick={() => setReview('page')}
            >
              {text('reviewPage')}
            </Button>
          </ActionListItem>
        )}
        <ActionListItem>
          <Button variant="link" onClick={draft.drop}>
            {text('discard')}
          </Button>
        </ActionListItem>
      </ActionList>
      {review !== undefined && (
        <ReviewChanges
          vm={vm}
          draft={review === 'page' ? onPage : draft}
          onClose={() => setReview(undefined)}
        />
      )}
    </section>
  );
}
