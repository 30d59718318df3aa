/**
 * An agent that shares the adapter of its host with networks, as a program that may be killed over it:
 * `node adapter-host.ts FOLDER IP HOST PORT GRACE_MS`. Says `tried` when it waits to be confirmed.
 */
import { systemClock } from '#lib';
import { silentLog } from '#log';
import { readBootId } from '../drivers/qemu/process/proc.ts';
import { LinuxAdapters } from '../network/linux/adapters/linux-adapters.ts';
import { hostId } from './network-place.ts';

const [, self, dataDir = '', ip = '', host = '', port, graceMs] = process.argv;
if (self === import.meta.filename) {
  const adapters = new LinuxAdapters({
    hostId,
    ip,
    dataDir,
    bootId: readBootId(),
    coordinator: { host, port: Number(port) },
    exclusively: (work) => work(),
    carried: () => [],
    onChange: () => undefined,
    onUndone: () => undefined,
    log: silentLog,
    graceMs: Number(graceMs),
  });
  await adapters.begin();
  await adapters.change('eno1', { use: 'shared', confirmSeconds: 0.2 });
  process.stdout.write('tried\n');
  await systemClock.sleep(60_000);
}
