/** The list of vms: a page of the API's list, live; filter, order and place are in the address. */
import { Button, EmptyState, PageSection } from '@patternfly/react-core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { useList } from '../parts/ask.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { CreateVm } from './CreateVm.tsx';
import { FilterBar } from './FilterBar.tsx';
import { PageButtons } from './PageButtons.tsx';
import { parseVmsPlace, type VmsPlace } from './place.ts';
import { VmTable } from './VmTable.tsx';

const pageSize = 50;

export function VmsPage(): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  const place = parseVmsPlace(useSearch({ strict: false }));
  const go = (to: VmsPlace): void => void navigate({ to: '/vms', search: to });
  const { filter, sort = 'name', cursor, before = 0, create } = place;
  const { create: _create, ...withoutForm } = place;
  const question = useList('vm.list', {
    sort,
    limit: pageSize,
    ...(filter === undefined ? {} : { filter }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  return (
    <>
      <PageTitle title={words.text('virtualMachines')}>
        <Button onClick={() => go({ ...place, create: true })}>{words.text('createVm')}</Button>
      </PageTitle>
      <PageSection>
        <FilterBar
          key={filter}
          filter={filter ?? ''}
          onFilter={(text) =>
            go({
              ...(text === '' ? {} : { filter: text }),
              ...(place.sort && { sort: place.sort }),
            })
          }
        />
      </PageSection>
      <Answer question={question}>
        {(page) =>
          page.items.length === 0 && cursor === undefined ? (
            <EmptyState
              titleText={words.text(filter === undefined ? 'noVms' : 'noVmsFound')}
              headingLevel="h2"
            />
          ) : (
            <PageSection isFilled>
              <VmTable
                vms={page.items}
                sort={sort}
                onSort={(to) => go({ ...(filter && { filter }), sort: to })}
              />
              <PageButtons
                from={before + 1}
                to={before + page.items.length}
                total={page.total}
                hasNext={page.nextCursor !== null}
                isFirst={cursor === undefined}
                onFirst={() => go({ ...(filter && { filter }), ...(place.sort && { sort }) })}
                onNext={() => {
                  if (page.nextCursor !== null)
                    go({
                      ...withoutForm,
                      cursor: page.nextCursor,
                      before: before + page.items.length,
                    });
                }}
              />
            </PageSection>
          )
        }
      </Answer>
      {create && <CreateVm onClose={() => go(withoutForm)} />}
    </>
  );
}
