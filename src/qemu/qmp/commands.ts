/** The commands of QMP that Gantry uses, each a function with the protocol's own name. */
export type { Monitor } from './commands/ask.ts';
export * from './commands/block.ts';
export * from './commands/throttle.ts';
export * from './commands/chardevs.ts';
export * from './commands/devices.ts';
export * from './commands/exports.ts';
export * from './commands/jobs.ts';
export * from './commands/memory.ts';
export * from './commands/migration.ts';
export * from './commands/processors.ts';
export * from './commands/run-state.ts';
export * from './commands/screen.ts';
export * from './commands/user-network.ts';
