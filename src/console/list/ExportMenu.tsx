/** The whole list, as it is filtered and ordered, as a file: CSV with the columns shown, JSON with all. */
import type { ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import type { Column } from './column.ts';
import { exportList, type ExportedName } from './export.ts';
import { SaveMenu } from './SaveMenu.tsx';

export function ExportMenu<T>({
  name,
  columns,
  query,
}: {
  readonly name: ExportedName;
  readonly columns: readonly Column<T>[];
  readonly query: Readonly<Record<string, unknown>>;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  return (
    <SaveMenu
      fileName={name.replace('.list', 's')}
      write={(format) => exportList(client, { name, query, columns, format, words })}
    />
  );
}
