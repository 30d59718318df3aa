/**
 * Bytes of files moved to another: what a thread does. Each piece is written while the processor that read it has it in its
 * cache, which takes two thirds of the time of a write out of memory.
 */
import { readSync, writeSync } from 'node:fs';
import { kiB } from '#lib';
import { dataRuns } from './data-runs.ts';

/** It and what the host has of it, twice, are within the cache of one processor. */
export const pieceBytes = 256 * kiB;

export interface MoveRun {
  readonly descriptor: number;
  readonly fileOffset: number;
  readonly length: number;
  /** In the guest. */
  readonly offset: number;
}

/** What a thread is told. */
export interface MoveOrder {
  readonly runs: readonly MoveRun[];
  readonly descriptor: number;
  /** Where the guest's first byte would lie in the target, if all of it were there side by side: it may be below zero. */
  readonly origin: number;
  /** Zeros are looked for in whole ones of the guest; at least 4 KiB. */
  readonly unit: number;
}

/** What it answers where the host refused something. */
export interface MoveFailure {
  readonly doing: 'read' | 'write';
  /** The run that was being moved. */
  readonly run: number;
  readonly fileOffset: number;
  readonly code: string;
  readonly errno: number;
  readonly message: string;
}

/** `ready`: once, at its start. Undefined: the order is done. */
export type MoveAnswer = 'ready' | MoveFailure | undefined;

class Refusal {
  readonly doing: 'read' | 'write';
  readonly fileOffset: number;
  readonly error: unknown;

  constructor(doing: 'read' | 'write', fileOffset: number, error: unknown) {
    this.doing = doing;
    this.fileOffset = fileOffset;
    this.error = error;
  }
}

/** Carries it out, in the piece of memory given. Where the file of a run ends too early, the rest of the run is zeros. */
export function runMove(order: MoveOrder, memory: Buffer): MoveFailure | undefined {
  for (const [index, run] of order.runs.entries()) {
    try {
      moveRun(order, run, memory);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return failureOf(error, index);
    }
  }
  return undefined;
}

function moveRun(order: MoveOrder, run: MoveRun, memory: Buffer): void {
  for (let done = 0; done < run.length;) {
    const offset = run.offset + done;
    // the host keeps in larger parts what is written to whole ones of a file, which takes half of the time
    const room = pieceBytes - ((order.origin + offset) % pieceBytes);
    const bytes = memory.subarray(0, Math.min(run.length - done, room));
    readWhole(run.descriptor, bytes, run.fileOffset + done);
    for (const { at, length } of dataRuns(bytes, offset, order.unit).data) {
      const from = bytes.subarray(at, at + length);
      writeWhole(order.descriptor, from, order.origin + offset + at);
    }
    done += bytes.length;
  }
}

function readWhole(descriptor: number, into: Buffer, fileOffset: number): void {
  for (let done = 0; done < into.length;) {
    const at = fileOffset + done;
    const count = attempt('read', at, () =>
      readSync(descriptor, into, done, into.length - done, at),
    );
    if (count === 0) {
      into.fill(0, done);
      return;
    }
    done += count;
  }
}

function writeWhole(descriptor: number, from: Buffer, fileOffset: number): void {
  for (let done = 0; done < from.length;) {
    const at = fileOffset + done;
    done += attempt('write', at, () => writeSync(descriptor, from, done, from.length - done, at));
  }
}

function attempt(doing: 'read' | 'write', fileOffset: number, work: () => number): number {
  try {
    return work();
  } catch (error) {
    throw new Refusal(doing, fileOffset, error);
  }
}

function failureOf({ doing, fileOffset, error }: Refusal, run: number): MoveFailure {
  const isHost = error instanceof Error && 'code' in error && 'errno' in error;
  return {
    doing,
    run,
    fileOffset,
    code: isHost ? String(error.code) : '',
    errno: isHost ? Number(error.errno) : 0,
    message: error instanceof Error ? error.message : String(error),
  };
}
