/** What the vms of a host have of its processors, and how that adds up against what there is (WEB-36). */
import { Content, PageSection } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { vmStateFacts, type Host, type Vm } from '#api';
import { useRights } from '../../access/use-rights.ts';
import { useWords } from '../../console.ts';
import { Answer } from '../../parts/Answer.tsx';
import { useList } from '../../parts/ask.ts';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { VmStateLabel } from '../../vm/VmStateLabel.tsx';
import { ChangeResources } from './ChangeResources.tsx';
import { shareOf, sumShares, type Share } from './shares.ts';
import { useResourceText } from './words.ts';
import { Alert } from '../../parts/Alert.tsx';

const most = 1000;
const fields = [
  'id',
  'name',
  'state',
  'standing',
  'version',
  'definition.resources',
  'definition.hardware.processor.count',
].join(',');

export function ResourceAllocation({ host }: { readonly host: Host }): ReactNode {
  const words = useWords();
  const text = useResourceText();
  const whyNot = useRights().whyNowhere('vm.settings');
  const [changed, setChanged] = useState<Vm | undefined>(undefined);
  const question = useList('vm.list', {
    filter: `hostId = "${host.id}"`,
    sort: 'name',
    limit: most,
    fields,
  });
  const threads = host.facts?.processor.threads ?? null;
  const titles = {
    name: words.text('name'),
    state: words.text('state'),
    reserved: text('reserved'),
    maximum: text('maximum'),
    weight: text('weight'),
  };
  const processors = (count: number): string => text('processors', { count: words.number(count) });
  const ofHost = (percent: number, count: number): string =>
    threads === null
      ? words.percent(percent)
      : text('ofHost', {
          percent: words.percent(percent),
          host: words.percent((count / threads) * 100),
        });
  const sumRow = (title: string, share: Omit<Share, 'weight'>, weight?: number): ReactNode => (
    <Tr>
      <Th scope="row">{title}</Th>
      <Td dataLabel={titles.state} />
      <Td dataLabel={titles.reserved}>{processors(share.reserved)}</Td>
      <Td dataLabel={titles.maximum}>{processors(share.maximum)}</Td>
      <Td dataLabel={titles.weight}>
        {weight === undefined ? words.text('notAvailable') : words.count(weight)}
      </Td>
      <Td />
    </Tr>
  );
  return (
    <PageSection isFilled>
      <Content component="p">{text('explain')}</Content>
      <Answer question={question}>
        {({ items, total }) => {
          const all = sumShares(items.map(shareOf));
          const live = sumShares(
            items.filter(({ state }) => vmStateFacts[state].live).map(shareOf),
          );
          return (
            <>
              {threads !== null && all.reserved > threads && (
                <Alert variant="warning" isInline component="p" title={text('overbooked')} />
              )}
              {total > items.length && (
                <Content component="p">
                  {text('first', { count: words.count(items.length), all: words.count(total) })}
                </Content>
              )}
              <Table
                aria-label={words.text('resourceAllocation')}
                variant="compact"
                gridBreakPoint="grid-lg"
              >
                <Thead>
                  <Tr>
                    {Object.values(titles).map((title) => (
                      <Th key={title} modifier="wrap">
                        {title}
                      </Th>
                    ))}
                    <Th screenReaderText={words.text('actions')} />
                  </Tr>
                </Thead>
                <Tbody>
                  {items.map((vm) => {
                    const { cpuReservePercent, cpuMaximumPercent } = vm.definition.resources;
                    const share = shareOf(vm);
                    return (
                      <Tr key={vm.id}>
                        <Td dataLabel={titles.name}>
                          <Link to="/vms/$vm" params={{ vm: vm.id }}>
                            {vm.name}
                          </Link>
                        </Td>
                        <Td dataLabel={titles.state}>
                          <VmStateLabel state={vm.standing} />
                        </Td>
                        <Td dataLabel={titles.reserved}>
                          {ofHost(cpuReservePercent, share.reserved)}
                        </Td>
                        <Td dataLabel={titles.maximum}>
                          {ofHost(cpuMaximumPercent, share.maximum)}
                        </Td>
                        <Td dataLabel={titles.weight}>{words.count(share.weight)}</Td>
                        <Td isActionCell>
                          <JudgedButton
                            whyNot={whyNot}
                            variant="link"
                            isInline
                            aria-label={text('change', { name: vm.name })}
                            onClick={() => setChanged(vm)}
                          >
                            {words.text('change')}
                          </JudgedButton>
                        </Td>
                      </Tr>
                    );
                  })}
                </Tbody>
                <Tbody>
                  {sumRow(text('sumRunning'), live, live.weight)}
                  {sumRow(text('sumAll'), all, all.weight)}
                  {threads !== null &&
                    sumRow(text('capacity'), { reserved: threads, maximum: threads })}
                </Tbody>
              </Table>
            </>
          );
        }}
      </Answer>
      {changed !== undefined && (
        <ChangeResources vm={changed} onClose={() => setChanged(undefined)} />
      )}
    </PageSection>
  );
}
