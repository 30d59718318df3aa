/** Limits of the disks of a machine, told to its QEMU by the monitor alone: its command line has no word for them. */
import { diskRateNames, limitsSaid, type Disk, type DiskRateName, type Hardware } from '#api';
import { describeFault } from '#lib';
import type { Log } from '#log';
import { limitDisks, type DiskThrottle, type qmp, type QmpClient } from '#qemu';
import { diskId } from './spec/devices.ts';

const throttles = {
  bytes: 'bps',
  readBytes: 'bps_rd',
  writtenBytes: 'bps_wr',
  operations: 'iops',
  reads: 'iops_rd',
  writes: 'iops_wr',
} as const satisfies Readonly<Record<DiskRateName, qmp.ThrottleName>>;

export function throttleOf(disk: Disk): DiskThrottle {
  const limits = limitsSaid(disk.limits) ?? {};
  const rates = diskRateNames.flatMap((name) => {
    const rate = limits[name];
    if (!rate) return [];
    const { perSecond, burstPerSecond: most, burstSeconds } = rate;
    const burst = most ? { burst: { perSecond: most, seconds: burstSeconds ?? 1 } } : {};
    return [[throttles[name], { perSecond, ...burst }] as const];
  });
  const size = limits.operationSizeBytes;
  return {
    id: diskId(disk),
    limits: { rates: Object.fromEntries(rates), ...(size ? { operationSizeBytes: size } : {}) },
  };
}

/** Of a process that has none as yet. Errors: QEMU's. */
export async function limitNew(
  client: QmpClient,
  { disks }: Pick<Hardware, 'disks'>,
  signal: AbortSignal,
): Promise<void> {
  const limited = disks.filter(({ limits }) => limitsSaid(limits) !== undefined);
  await limitDisks(client, limited.map(throttleOf), { signal });
}

const askMs = 10_000;

/**
 * As recorded: an agent that was cut off may have changed limits without having written so down. A running guest is not ended
 * because of it.
 */
export async function limitAgain(
  client: QmpClient,
  { disks }: Pick<Hardware, 'disks'>,
  log: Log,
): Promise<void> {
  try {
    await limitDisks(client, disks.map(throttleOf), { timeoutMs: askMs });
  } catch (error) {
    log.warn({ why: describeFault(error) }, 'limits of disks');
  }
}
