/** Following a migration to its end. */
import { Fault, systemClock } from '#lib';
import type { QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { printable } from '../qmp/messages.ts';

const firstPauseMs = 5;
const longestPauseMs = 200;

/**
 * Returns when the migration has completed. Errors: `internal` with QEMU's words when it failed,
 * `cancelled`; `unavailable` when QEMU ended; the signal's reason.
 */
export async function awaitMigration(
  client: QmpClient,
  signal: AbortSignal,
  onProgress?: (info: qmp.MigrationInfo) => void,
): Promise<void> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const info = await qmp.queryMigrate(client, { signal });
    onProgress?.(info);
    switch (info.status) {
      case 'completed':
        return;
      case 'failed': {
        const words = printable(info.error ?? 'without a word');
        throw new Fault('internal', `the migration failed: ${words}`);
      }
      case 'cancelled':
        throw new Fault('cancelled', 'the migration was cancelled');
      case 'none':
      case 'setup':
      case 'cancelling':
      case 'active':
      case 'postcopy-active':
      case 'postcopy-paused':
      case 'postcopy-recover':
      case 'colo':
      case 'pre-switchover':
      case 'device':
      case 'wait-unplug':
        await systemClock.sleep(pauseMs, signal);
    }
  }
}
