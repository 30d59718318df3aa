/** Where one is in the list of vms, as the address says it. */
import { parseListPlace, type ListPlace } from '../list/place.ts';

export interface VmsPlace extends ListPlace {
  /** Which form is open. */
  readonly create?: true;
  readonly add?: true;
  readonly import?: true;
}

/** What is not understood is left out. */
export function parseVmsPlace(search: Readonly<Record<string, unknown>>): VmsPlace {
  return {
    ...parseListPlace(search),
    ...(search['create'] === true ? { create: true } : {}),
    ...(search['add'] === true ? { add: true } : {}),
    ...(search['import'] === true ? { import: true } : {}),
  };
}
