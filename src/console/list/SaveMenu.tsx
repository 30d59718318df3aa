/** Saves something as a file, in the format that is chosen. */
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { DownloadIcon } from '@patternfly/react-icons/dist/esm/icons/download-icon';
import { useState, type ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import { mainPart } from '../parts/main-part.ts';
import { saveFile, type ExportFormat } from './export.ts';

export function SaveMenu({
  of,
  fileName,
  write,
}: {
  /** What it saves, where a page has several. */
  readonly of?: string;
  /** Without its ending, which is the format's. */
  readonly fileName: string;
  /** What it throws is told. */
  readonly write: (format: ExportFormat) => Promise<Blob>;
}): ReactNode {
  const { notices } = useConsole();
  const words = useWords();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const begin = async (format: ExportFormat): Promise<void> => {
    setOpen(false);
    setBusy(true);
    try {
      saveFile(await write(format), `${fileName}.${format}`);
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
          aria-label={of === undefined ? words.text('export') : `${words.text('export')}: ${of}`}
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
