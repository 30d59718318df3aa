/**
 * What a saved state belongs to, in a small file beside it: without it nothing would tell a state that fits
 * from one that crashes the guest (VM-77). Written before the state, removed after it, so that a state
 * is never without its facts.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { withoutLimits, type Hardware } from '#api';
import { Fault, type Reason } from '#lib';
import type { MachineFile } from '../../machine/record.ts';
import { exists } from '../../storage/exists.ts';
import { writeFileAtomic } from '../../storage/atomic-file.ts';
import { readProcessor } from './host/machine-facts.ts';
import { ownPlaces } from './places.ts';

const schema = z.strictObject({
  gantry: z.literal('saved-state'),
  format: z.literal(1),
  driver: z.literal('qemu'),
  vmId: z.string().max(64),
  qemuVersion: z.string().max(64),
  /** Chip set and its revision, `q35-7.2`. */
  machine: z.string().max(64),
  acceleration: z.enum(['kvm', 'tcg']),
  hardwareHash: z.string().max(64),
  /** What the guest did when it was saved, and does again when it is restored. */
  guest: z.enum(['ran', 'paused']).default('ran'),
  /** Features of the host's processor that its guest may use. Empty: none but those that every host has. */
  processor: z.array(z.string().max(64)).max(1024).readonly().default([]),
});
export type SavedFacts = z.infer<typeof schema>;

export function hashHardware(hardware: Hardware): string {
  const { firmware, disks, adapters, sharedFolders, clock, ...rest } = hardware;
  const devices = {
    ...rest,
    firmware: { type: firmware.type, secureBoot: firmware.secureBoot },
    clock: clock.base,
    // What a disk is limited to is no part of it.
    disks: disks.map(withoutLimits),
    adapters: adapters.map(({ slot, model, mac }) => ({ slot, model, mac })),
    // What is behind a name may move; a state from before there were any fits a vm without.
    ...(sharedFolders.length === 0
      ? {}
      : { sharedFolders: sharedFolders.map(({ slot, name }) => ({ slot, name })) }),
  };
  return createHash('sha256').update(sortedJson(devices)).digest('hex');
}

/** The same text for the same value, whatever the order of its members. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}

/** What passes the host's processor on needs all of it; a model of its own, and an emulated one, is the same everywhere. */
export function neededOfProcessor(
  { processor }: Hardware,
  acceleration: 'kvm' | 'tcg',
): readonly string[] {
  return acceleration === 'kvm' && processor.model === 'host' ? readProcessor().flags : [];
}

/** Beside memory that a snapshot keeps. */
export function factsOfMemory(memoryPath: string): string {
  return `${memoryPath}.json`;
}

export async function writeSavedFacts(path: string, facts: SavedFacts): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(facts)}\n`, { mode: 0o600, durability: 'flushed' });
}

/** Errors: `refused` where the saved state would not be restored as it is: it is not carried elsewhere either. */
export async function requireSavedFits(file: MachineFile): Promise<void> {
  const facts = await readSavedFacts(ownPlaces(file).savedFacts);
  if (
    facts?.vmId === file.definition.id &&
    facts.hardwareHash === hashHardware(savedHardware(file))
  )
    return;
  const { name } = file.definition;
  throw new Fault('refused', `the saved state of ${name} does not fit its hardware`, {
    hint: 'discard the saved state first',
  });
}

/** The facts beside `from` become those of `to`, whose state was found to fit: the same guest, under its name and files. */
export async function carrySavedFacts(from: MachineFile, to: MachineFile): Promise<void> {
  const facts = await readSavedFacts(ownPlaces(from).savedFacts);
  if (facts === undefined) return;
  await writeSavedFacts(ownPlaces(to).savedFacts, {
    ...facts,
    vmId: to.definition.id,
    hardwareHash: hashHardware(savedHardware(to)),
  });
}

/** The hardware of the process that was saved. */
export function savedHardware(file: MachineFile): Hardware {
  return (file.savedWith ?? file.definition).hardware;
}

/** Undefined where there are none that this version understands. */
export async function readSavedFacts(path: string): Promise<SavedFacts | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

export interface RestoreHost {
  readonly vmId: string;
  readonly hardware: Hardware;
  readonly qemuVersion: string;
  /** Machines this QEMU has, `q35-7.2`. */
  readonly machines: ReadonlySet<string>;
  readonly accelerations: ReadonlySet<'kvm' | 'tcg'>;
  /** Features of its processor. */
  readonly processor: ReadonlySet<string>;
}

export async function judgeMissing(path: string): Promise<Reason[]> {
  if (await exists(path)) return [];
  const text = `the saved state ${path} is not there`;
  return [{ code: 'saved-state-missing', text, remedy: 'bring it back, or discard it' }];
}

/** All that stands against restoring. */
export function judgeSaved(facts: SavedFacts | undefined, host: RestoreHost): Reason[] {
  const remedy = 'discard the saved state';
  if (!facts) {
    const text =
      'the saved state was made by another product or version: nothing tells what it belongs to';
    return [{ code: 'saved-state-unknown', text, remedy }];
  }
  const reasons: Reason[] = [];
  if (facts.vmId !== host.vmId) {
    const text = 'the saved state belongs to another vm';
    reasons.push({ code: 'saved-state-other-vm', text, remedy });
  }
  if (facts.hardwareHash !== hashHardware(host.hardware)) {
    const text = 'the hardware of the vm has changed since its state was saved';
    reasons.push({ code: 'saved-state-hardware', text, remedy: `change it back, or ${remedy}` });
  }
  if (!host.machines.has(facts.machine)) {
    const text = `the state was saved on a machine ${facts.machine}, which QEMU ${host.qemuVersion} does not have`;
    reasons.push({ code: 'saved-state-version', text, remedy });
  }
  if (!host.accelerations.has(facts.acceleration)) {
    const text = `the state was saved under ${facts.acceleration}, which this host does not have`;
    reasons.push({
      code: 'saved-state-acceleration',
      text,
      remedy: `restore on another host, or ${remedy}`,
    });
  }
  const lacking = facts.processor.filter((feature) => !host.processor.has(feature));
  if (lacking.length > 0) {
    const named = lacking.slice(0, 8).join(', ');
    const more = lacking.length > 8 ? ` and ${lacking.length - 8} more` : '';
    reasons.push({
      code: 'saved-state-processor',
      text: `the processor of this host lacks ${named}${more}, which the guest may use`,
      remedy: `restore on a host that has them, or ${remedy}`,
    });
  }
  return reasons;
}
