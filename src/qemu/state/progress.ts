/** Following a migration to its end. */
import { Fault, systemClock } from '#lib';
import type { QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { printable } from '../qmp/messages.ts';

const firstPauseMs = 5;
const usualPauseMs = 200;

export interface MigrationWatch {
  readonly onProgress?: ((info: qmp.MigrationInfo) => void | Promise<void>) | undefined;
  /** The guest stands still before the last part (capability `pause-before-switchover`); it goes on after that. */
  readonly atSwitchover?: (() => Promise<void>) | undefined;
  /** Between two looks; 200 unless told. */
  readonly longestPauseMs?: number | undefined;
}

/**
 * Returns when the migration has completed. Errors: `internal` with QEMU's words when it failed,
 * `cancelled`; `unavailable` when QEMU ended; the signal's reason.
 */
export async function awaitMigration(
  client: QmpClient,
  signal: AbortSignal,
  { onProgress, atSwitchover, longestPauseMs = usualPauseMs }: MigrationWatch = {},
): Promise<void> {
  let passed = false;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const info = await qmp.queryMigrate(client, { signal });
    await onProgress?.(info);
    switch (info.status) {
      case 'completed':
        return;
      case 'failed': {
        const words = printable(info.error ?? 'without a word');
        throw new Fault('internal', `the migration failed: ${words}`);
      }
      case 'cancelled':
        throw new Fault('cancelled', 'the migration was cancelled');
      case 'pre-switchover':
        if (!passed) {
          await atSwitchover?.();
          await qmp.migrateContinue(client, { signal });
        }
        passed = true;
        await systemClock.sleep(firstPauseMs, signal);
        break;
      case 'none':
      case 'setup':
      case 'cancelling':
      case 'active':
      case 'postcopy-active':
      case 'postcopy-paused':
      case 'postcopy-recover':
      case 'colo':
      case 'device':
      case 'wait-unplug':
        await systemClock.sleep(pauseMs, signal);
    }
  }
}
