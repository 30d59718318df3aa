/** Saving, restoring and moving a running machine (qapi/migration.json). */
import { finite, list, map, oneOf, optional, record, text, type JsonObject } from '../../parse.ts';
import type { CommandOptions } from '../client.ts';
import { ask, tell, type Monitor } from './ask.ts';

const migrationStatuses = [
  'none',
  'setup',
  'cancelling',
  'cancelled',
  'active',
  'postcopy-active',
  'postcopy-paused',
  'postcopy-recover',
  'completed',
  'failed',
  'colo',
  'pre-switchover',
  'device',
  'wait-unplug',
] as const;
export type MigrationStatus = (typeof migrationStatuses)[number];

export interface MigrationInfo {
  /** `none` before the first migration. */
  readonly status: MigrationStatus;
  /** Why it failed. */
  readonly error: string | undefined;
  readonly transferredBytes: number;
  readonly remainingBytes: number;
  readonly totalBytes: number;
  /** Pages the guest wrote anew, per second. */
  readonly dirtyPagesRate: number;
  readonly totalMs: number;
  /** How long the guest stood still, once completed. */
  readonly downtimeMs: number | undefined;
}

const parseMigration = map(
  record({
    status: optional(oneOf(migrationStatuses)),
    'error-desc': optional(text(65_536)),
    ram: optional(
      record({
        transferred: finite,
        remaining: finite,
        total: finite,
        'dirty-pages-rate': optional(finite),
      }),
    ),
    'total-time': optional(finite),
    downtime: optional(finite),
  }),
  (info): MigrationInfo => ({
    status: info.status ?? 'none',
    error: info['error-desc'],
    transferredBytes: info.ram?.transferred ?? 0,
    remainingBytes: info.ram?.remaining ?? 0,
    totalBytes: info.ram?.total ?? 0,
    dirtyPagesRate: info.ram?.['dirty-pages-rate'] ?? 0,
    totalMs: info['total-time'] ?? 0,
    downtimeMs: info.downtime,
  }),
);

export function queryMigrate(monitor: Monitor, options?: CommandOptions): Promise<MigrationInfo> {
  return ask(monitor, 'query-migrate', undefined, parseMigration, options);
}

const parseBlockers = map(
  record({ 'blocked-reasons': optional(list(text(65_536), 1024)) }),
  (info): readonly string[] => info['blocked-reasons'] ?? [],
);

/** What stands against a migration now, in QEMU's words. */
export function queryMigrateBlockers(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<readonly string[]> {
  return ask(monitor, 'query-migrate', undefined, parseBlockers, options);
}

/** Begins; `query-migrate` and the event MIGRATION (with the capability `events`) tell how it goes. */
export function migrate(monitor: Monitor, uri: string, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'migrate', { uri }, options);
}

/** For a machine that was started with `stateFrom: 'incoming'`. */
export function migrateIncoming(
  monitor: Monitor,
  uri: string,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'migrate-incoming', { uri }, options);
}

/** Lets a migration go on that stands before its last part (capability `pause-before-switchover`). */
export function migrateContinue(monitor: Monitor, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'migrate-continue', { state: 'pre-switchover' }, options);
}

export function migrateCancel(monitor: Monitor, options?: CommandOptions): Promise<void> {
  return tell(monitor, 'migrate_cancel', undefined, options);
}

/** By QEMU's names: `{ events: 'on', 'auto-converge': 'on' }`. */
export function migrateSetCapabilities(
  monitor: Monitor,
  capabilities: Readonly<Record<string, 'on' | 'off'>>,
  options?: CommandOptions,
): Promise<void> {
  const list = Object.entries(capabilities).map(([capability, state]) => ({
    capability,
    state: state === 'on',
  }));
  return tell(monitor, 'migrate-set-capabilities', { capabilities: list }, options);
}

/** By QEMU's names: `{ 'max-bandwidth': 1e9, 'downtime-limit': 300 }`. */
export function migrateSetParameters(
  monitor: Monitor,
  parameters: JsonObject,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'migrate-set-parameters', parameters, options);
}
