/** Programs run in the guest (qga/qapi-schema.json). */
import { flag, integer, map, optional, record, text } from '../../parse.ts';
import type { GuestCommandOptions } from '../client.ts';
import { ask, type Agent } from './ask.ts';

export interface GuestProgram {
  /** Looked up in the guest's PATH unless absolute. */
  readonly path: string;
  readonly args?: readonly string[] | undefined;
  /** `NAME=value` each. */
  readonly environment?: readonly string[] | undefined;
  readonly input?: Buffer | undefined;
  readonly output: 'keep' | 'drop';
}

/** Starts it and returns its process id in the guest. */
export function exec(
  agent: Agent,
  program: GuestProgram,
  options?: GuestCommandOptions,
): Promise<number> {
  const args = {
    path: program.path,
    arg: program.args,
    env: program.environment,
    'input-data': program.input?.toString('base64'),
    'capture-output': program.output === 'keep',
  };
  const parser = map(record({ pid: integer(0) }), ({ pid }) => pid);
  return ask(agent, 'guest-exec', args, parser, options);
}

export type GuestProgramStatus =
  | { readonly state: 'running' }
  | {
      readonly state: 'ended';
      /** Absent when a signal (or a Windows exception) ended it. */
      readonly exitCode: number | undefined;
      readonly signalNumber: number | undefined;
      readonly stdout: Buffer;
      readonly stderr: Buffer;
      /** Whether the agent kept less than there was. */
      readonly truncated: boolean;
    };

/** Two streams of at most 16 MiB, which is what agents keep, in base64. */
const maxReplyBytes = 48 * 1024 * 1024;
const output = optional(text(maxReplyBytes));

const parseStatus = map(
  record({
    exited: flag,
    exitcode: optional(integer()),
    signal: optional(integer()),
    'out-data': output,
    'err-data': output,
    'out-truncated': optional(flag),
    'err-truncated': optional(flag),
  }),
  (status): GuestProgramStatus => {
    if (!status.exited) return { state: 'running' };
    return {
      state: 'ended',
      exitCode: status.exitcode,
      signalNumber: status.signal,
      stdout: Buffer.from(status['out-data'] ?? '', 'base64'),
      stderr: Buffer.from(status['err-data'] ?? '', 'base64'),
      truncated: (status['out-truncated'] ?? false) || (status['err-truncated'] ?? false),
    };
  },
);

/** An ended program can be asked for once; after that the agent has forgotten it. */
export function execStatus(
  agent: Agent,
  pid: number,
  options?: GuestCommandOptions,
): Promise<GuestProgramStatus> {
  return ask(agent, 'guest-exec-status', { pid }, parseStatus, { maxReplyBytes, ...options });
}
