/** For tests of undo disks: vms with two disks that have them, and their files read and written as a guest would. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { vmDefinitionSchema, type UndoDecision, type VmDefinition } from '#api';
import { bareDefinition, newDisk, testDisk, type QemuAgent } from './qemu-agent.ts';

export function withUndo(onTurnOff: UndoDecision): Partial<VmDefinition> {
  return {
    settings: vmDefinitionSchema.shape.settings.parse({ undoDisks: { enabled: true, onTurnOff } }),
  };
}

/** Its disks are `a.qcow2` and `b.qcow2`. */
export async function makeVmWithUndo(
  agent: QemuAgent,
  decision: UndoDecision,
): Promise<{ readonly id: string; readonly folder: string }> {
  const disks = [testDisk('a.qcow2'), { ...testDisk('b.qcow2'), position: 1 }];
  const definition = bareDefinition({ disks }, withUndo(decision));
  const id = await agent.create(
    definition,
    disks.map(({ file }) => newDisk(file)),
  );
  return { id, folder: agent.folder(id) };
}

export function checksum(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** As a guest would, into the file that is on top. */
export function write(path: string, pattern: number, offsetMiB: number, sizeMiB: number): void {
  const command = `write -P ${pattern} ${offsetMiB}M ${sizeMiB}M`;
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', command, path], { stdio: 'ignore' });
}

/** Whether all of it holds the pattern. */
export function reads(path: string, pattern: number, offsetMiB: number, sizeMiB: number): boolean {
  const command = `read -P ${pattern} ${offsetMiB}M ${sizeMiB}M`;
  const said = execFileSync('qemu-io', ['-f', 'qcow2', '-r', '-c', command, path]).toString();
  return !/failed/.test(said);
}
