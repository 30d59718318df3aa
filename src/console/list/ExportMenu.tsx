/** The whole list, as it is filtered and ordered, as a file: CSV with the columns shown, JSON with all. */
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { DownloadIcon } from '@patternfly/react-icons/dist/esm/icons/download-icon';
import { useState, type ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import { mainPart } from '../parts/main-part.ts';
import type { Column } from './column.ts';
import { exportList, saveFile, type ExportedName, type ExportFormat } from './export.ts';

export function ExportMenu<T>({
  name,
  columns,
  query,
}: {
  readonly name: ExportedName;
  readonly columns: readonly Column<T>[];
  readonly query: Readonly<Record<string, unknown>>;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const begin = async (format: ExportFormat): Promise<void> => {
    setOpen(false);
    setBusy(true);
    try {
      const blob = await exportList(client, { name, query, columns, format, words });
      saveFile(blob, `${name.replace('.list', 's')}.${format}`);
    } catch (error) {
      notices.fail(words.text('export'), error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      popperProps={{ position: 'right', appendTo: mainPart }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          variant="plain"
          isDisabled={busy}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          aria-label={words.text('export')}
          icon={<DownloadIcon />}
        />
      )}
    >
      <DropdownList>
        <DropdownItem onClick={() => void begin('csv')}>CSV</DropdownItem>
        <DropdownItem onClick={() => void begin('json')}>JSON</DropdownItem>
      </DropdownList>
    </Dropdown>
  );
}
