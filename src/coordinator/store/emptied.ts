/**
 * A store that was emptied. At the first start the store is there before the authority, so an authority beside a
 * store without a byte tells of one that was lost: it is not begun anew as if nothing had been.
 */
import { stat } from 'node:fs/promises';
import { Fault } from '#lib';

/** `file` of the store, `authority` the folder. Errors: `corrupt`. */
export async function refuseEmptied(file: string, authority: string): Promise<void> {
  const store = await stat(file).catch(() => undefined);
  if (store?.size !== 0 || (await stat(authority).catch(() => undefined)) === undefined) return;
  throw new Fault('corrupt', `the store ${file} is empty, but there was an installation here`, {
    hint: `put the store back from a copy; or, to begin anew without what it knew, delete ${authority} too`,
  });
}
