/** The menu at the end of a row as the row's context menu: a right click, or the key for it, opens it. */
import type { MouseEvent } from 'react';

/** Marks the cell with the menu. */
export const rowMenuClass = 'row-menu';

/** Where there is none, or it is open, the browser shows its own. */
export function openRowMenu(event: MouseEvent<HTMLElement>): void {
  const toggle = event.currentTarget.querySelector<HTMLElement>(
    `.${rowMenuClass} [aria-expanded="false"]`,
  );
  if (toggle === null) return;
  event.preventDefault();
  toggle.focus();
  toggle.click();
}
