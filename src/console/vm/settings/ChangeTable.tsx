/** Settings with their values side by side. */
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import type { SettingValue } from '#api';
import { useWords } from '../../console.ts';
import { nameSettingPath, writeSetting } from '../words/setting-words.ts';
import { useVmText } from '../words/vm-words.ts';

export function ChangeTable({
  columns,
  rows,
}: {
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly path: string;
    readonly values: readonly SettingValue[];
  }[];
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  return (
    <Table aria-label={text('changedSettings')} variant="compact" gridBreakPoint="grid-md">
      <Thead>
        <Tr>
          <Th>{text('setting')}</Th>
          {columns.map((column) => (
            <Th key={column}>{column}</Th>
          ))}
        </Tr>
      </Thead>
      <Tbody>
        {rows.map(({ path, values }) => (
          <Tr key={path}>
            <Td dataLabel={text('setting')}>{nameSettingPath(words, path)}</Td>
            {values.map((value, index) => (
              <Td key={columns[index]} dataLabel={columns[index] ?? ''} modifier="breakWord">
                {writeSetting(words, path, value)}
              </Td>
            ))}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
