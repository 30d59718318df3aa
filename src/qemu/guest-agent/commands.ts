/** The commands of the QEMU guest agent that Gantry uses, each with the protocol's own name. */
export type { Agent } from './commands/ask.ts';
export * from './commands/files.ts';
export * from './commands/programs.ts';
export * from './commands/resources.ts';
export * from './commands/system.ts';
