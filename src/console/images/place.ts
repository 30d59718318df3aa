/** Where one is in the list of images, as the address says it. */
import { parseListPlace, type ListPlace } from '../list/place.ts';

export interface ImagesPlace extends ListPlace {
  readonly build?: true;
}

/** What is not understood is left out. */
export function parseImagesPlace(search: Readonly<Record<string, unknown>>): ImagesPlace {
  return { ...parseListPlace(search), ...(search['build'] === true ? { build: true } : {}) };
}
