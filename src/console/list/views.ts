/** Views of a list that a person has saved in this browser: a filter, an order and the columns, by a name. */
export interface SavedView {
  readonly name: string;
  readonly filter: string;
  readonly sort: string;
  readonly columns: readonly string[];
}

const maxViews = 50;

/** What is not understood is left out. */
export function parseViews(stored: unknown): readonly SavedView[] {
  if (!Array.isArray(stored)) return [];
  return stored.filter(isView).slice(0, maxViews);
}

function isView(one: unknown): one is SavedView {
  if (typeof one !== 'object' || one === null) return false;
  const { name, filter, sort, columns } = one as Readonly<Record<string, unknown>>;
  return (
    typeof name === 'string' &&
    typeof filter === 'string' &&
    typeof sort === 'string' &&
    Array.isArray(columns) &&
    columns.every((column) => typeof column === 'string')
  );
}

/** One of the same name is replaced. */
export function addView(views: readonly SavedView[], view: SavedView): readonly SavedView[] {
  return [...views.filter(({ name }) => name !== view.name), view]
    .sort((a, b) => a.name.localeCompare(b.name))
    .slice(0, maxViews);
}
