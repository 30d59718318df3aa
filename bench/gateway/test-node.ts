/** A fleet as libvirt's test driver reads it: as many domains, with the same names and in the same states, so that both sides tell the same. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Vm } from '#api';
import { domainStates, stateOf } from '../../src/coordinator/gateway/domain-state.ts';

/** Answers the file, in the folder. The names of simulated vms need no escaping. */
export async function writeTestNode(folder: string, vms: Iterable<Vm>): Promise<string> {
  const domains = Array.from(vms, (vm) => {
    const { state } = stateOf(vm);
    const runState = state === domainStates.noState ? domainStates.shutOff : state;
    return (
      `<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>${vm.name}</name>` +
      `<uuid>${vm.id}</uuid><memory>8192</memory><os><type>hvm</type></os>` +
      `<test:runstate>${runState}</test:runstate></domain>`
    );
  });
  const file = join(folder, 'node.xml');
  await writeFile(file, `<node>${domains.join('')}</node>`);
  return file;
}
