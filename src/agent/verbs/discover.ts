/** Definitions that lie in the host's search path and are not known yet (HOST-31, HOST-37). */
import { systemCause } from '../machine/causes.ts';
import type { Host } from '../host/host.ts';

export async function discoverMachines(host: Host, signal: AbortSignal): Promise<void> {
  const { storage } = host.driver;
  const found = await storage.discover(host.settings.searchPath, signal);
  for (const { file, folder, definition } of found) {
    const known = host.machines.get(definition.id);
    if (known) {
      if (known.file.file !== file) {
        const other = known.file.definition.name;
        host.emit(definition.id, 'vm.conflict', { other, what: 'UUID' }, systemCause);
      }
      continue;
    }
    await host.add(host.newFile(definition, 0, { folder, file }));
    host.emit(definition.id, 'vm.discovered', { how: 'new' }, systemCause);
  }
}
