/** What nobody needs any more: links, sessions and tokens that are over, grants on things that are gone. */
import type { Coordinator } from '../context.ts';
import type {
  ConsoleLinkDocument,
  GrantDocument,
  LinkDocument,
  TokenDocument,
} from '../documents.ts';
import type { DocumentKind, Write } from '../store/store.ts';
import { commitAccessChange } from './access-change.ts';
import { liveSession } from './sign-in/sessions.ts';

const dayMs = 86_400_000;
/** Expired tokens are shown for some time, so that people see why a program stopped. */
const keepTokensMs = 30 * dayMs;
/** Writes of one commit. */
const maxWrites = 1000;

/** Safe to repeat and to be cut short. */
export async function tidyAccess(coordinator: Coordinator): Promise<void> {
  const { inventory, clock } = coordinator;
  const now = clock.now();
  const over: Write[] = [];
  const drop = (kind: DocumentKind, id: string): void => {
    if (over.length < maxWrites) over.push({ kind, id, delete: true });
  };
  for (const { id } of inventory.documents('session'))
    if (!liveSession(inventory, clock, id)) drop('session', id);
  for (const { id, data } of inventory.documents<LinkDocument>('link'))
    if (now >= Date.parse(data.expiresAt)) drop('link', id);
  for (const { id, data } of inventory.documents<ConsoleLinkDocument>('console-link'))
    if (now >= Date.parse(data.expiresAt) || inventory.document('vm', data.vmId) === undefined)
      drop('console-link', id);
  for (const { id, data } of inventory.documents<TokenDocument>('token'))
    if (data.expiresAt !== null && now >= Date.parse(data.expiresAt) + keepTokensMs)
      drop('token', id);
  if (over.length > 0) await coordinator.commit({ writes: over });
  const orphans = orphanedGrants(coordinator);
  if (orphans.length === 0) return;
  await commitAccessChange(coordinator, 'for-real', () => ({
    writes: orphanedGrants(coordinator),
  }));
}

function orphanedGrants({ inventory }: Coordinator): readonly Write[] {
  return [...inventory.documents<GrantDocument>('grant')]
    .filter(({ data }) => {
      const isObjectGone =
        data.objectKind !== 'installation' &&
        inventory.document(data.objectKind, data.objectId) === undefined;
      const isUserGone =
        data.subjectKind === 'user' && inventory.document('user', data.subject) === undefined;
      return isObjectGone || isUserGone;
    })
    .slice(0, maxWrites)
    .map(({ id }) => ({ kind: 'grant', id, delete: true }));
}
