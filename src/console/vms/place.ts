/** Where one is in the list of vms, as the address says it. */
import { parseListPlace, type ListPlace } from '../list/place.ts';

export interface VmsPlace extends ListPlace {
  readonly create?: true;
}

/** What is not understood is left out. */
export function parseVmsPlace(search: Readonly<Record<string, unknown>>): VmsPlace {
  return { ...parseListPlace(search), ...(search['create'] === true ? { create: true } : {}) };
}
