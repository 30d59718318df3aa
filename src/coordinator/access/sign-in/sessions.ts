/**
 * Sessions: what a browser has instead of a password. The cookie holds a secret; the document's id is
 * its hash. A session ends after the installation's hours, after a while without use, when its user is
 * disabled, and when it is signed out.
 */
import { isoTime, type Clock } from '#lib';
import { installationSettingsSchema, type InstallationSettings } from '#api';
import type { Coordinator } from '../../context.ts';
import type { SessionDocument, SettingDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document, Write } from '../../store/store.ts';
import { createSecret, hashSecret, isSecret } from '../tokens/secret.ts';

export const idleMs = 2 * 3_600_000;
/** Use is written down at most so often; what was idle ends within this of the exact time. */
const touchEveryMs = 5 * 60_000;

const defaultSettings = installationSettingsSchema.parse({});

export function installationSettings(inventory: Inventory): InstallationSettings {
  const stored = inventory.document<SettingDocument>('setting', 'installation')?.data;
  // What was stored by an older version lacks the newest settings.
  return stored ? { ...defaultSettings, ...stored } : defaultSettings;
}

/** Asked of every request, so that not all settings are put together for it. */
export function auditsReads(inventory: Inventory): boolean {
  const stored = inventory.document<Partial<SettingDocument>>('setting', 'installation')?.data;
  return stored?.auditReads ?? defaultSettings.auditReads;
}

export interface NewSession {
  readonly id: string;
  readonly secret: string;
  readonly document: SessionDocument;
  readonly maxAgeSeconds: number;
  readonly write: Write;
}

export function newSession(
  inventory: Inventory,
  clock: Clock,
  userId: string,
  means: SessionDocument['means'],
): NewSession {
  const secret = createSecret();
  const id = hashSecret(secret);
  const maxAgeSeconds = installationSettings(inventory).sessionHours * 3600;
  const now = clock.now();
  const document: SessionDocument = {
    userId,
    expiresAt: isoTime(now + maxAgeSeconds * 1000),
    usedAt: isoTime(now),
    means,
  };
  const write: Write = { kind: 'session', id, data: document };
  return { id, secret, document, maxAgeSeconds, write };
}

export function findSession(
  inventory: Inventory,
  clock: Clock,
  secret: string,
): Document<SessionDocument> | undefined {
  if (!isSecret(secret)) return undefined;
  return liveSession(inventory, clock, hashSecret(secret));
}

/** The session, if it has not ended. */
export function liveSession(
  inventory: Inventory,
  clock: Clock,
  id: string,
): Document<SessionDocument> | undefined {
  const session = inventory.document<SessionDocument>('session', id);
  if (!session) return undefined;
  const now = clock.now();
  const { expiresAt, usedAt } = session.data;
  const isOver = now >= Date.parse(expiresAt) || now >= Date.parse(usedAt) + idleMs;
  return isOver ? undefined : session;
}

/** All of a user, for when the user goes or changes the password. */
export function sessionsOf(
  inventory: Inventory,
  userId: string,
): readonly Document<SessionDocument>[] {
  return [...inventory.documents<SessionDocument>('session')].filter(
    (session) => session.data.userId === userId,
  );
}

/** Notes that a session is in use. A race that is lost was won by another use. */
export async function touchSession(
  coordinator: Coordinator,
  session: Document<SessionDocument>,
): Promise<void> {
  const now = coordinator.clock.now();
  if (now - Date.parse(session.data.usedAt) < touchEveryMs) return;
  await coordinator.commit({
    conditions: [{ kind: 'session', id: session.id, version: session.version }],
    writes: [{ kind: 'session', id: session.id, data: { ...session.data, usedAt: isoTime(now) } }],
  });
}
