/** Memory modules: the same description for the command line and for plugging one in. */
import { jsonArgument, type Argument, type JsonFields } from './options.ts';
import type { MachineSpec, MemoryModuleSpec } from './spec.ts';

/** What guests can take in one piece. */
export const moduleStepBytes = 128 * 1024 * 1024;

export function moduleName(slot: number): string {
  return `board-memory${slot}`;
}

/** Id of the object that holds a module's content. */
export function moduleContentName(slot: number): string {
  return `${moduleName(slot)}-content`;
}

export function moduleDevice(module: MemoryModuleSpec): {
  readonly content: JsonFields;
  readonly device: JsonFields;
} {
  const { slot, sizeBytes } = module;
  const memdev = moduleContentName(slot);
  return {
    content: { 'qom-type': 'memory-backend-ram', id: memdev, size: sizeBytes },
    device: { driver: 'pc-dimm', id: moduleName(slot), memdev, slot },
  };
}

export function moduleArguments(spec: MachineSpec): readonly Argument[] {
  return (spec.memory.modules ?? []).flatMap((module) => {
    const { content, device } = moduleDevice(module);
    return [jsonArgument('-object', content), jsonArgument('-device', device)];
  });
}
