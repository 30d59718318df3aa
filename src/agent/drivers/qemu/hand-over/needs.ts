/** What a guest that works needs of a host in order to go on there, and what a host lacks of it. */
import { z } from 'zod';
import { Fault, type Reason } from '#lib';
import type { SavedFacts } from '../saved-facts.ts';
import type { GuestNeeds } from '../../hand-over.ts';

const schema = z.object({
  driver: z.literal('qemu'),
  qemuVersion: z.string().max(64),
  /** Chip set and its revision, `q35-7.2`. */
  machine: z.string().regex(/^[a-z0-9]+-\d+\.\d+$/),
  acceleration: z.enum(['kvm', 'tcg']),
  /** Features of the host's processor that the guest may use. */
  processor: z.array(z.string().max(64)).max(1024).readonly(),
});
export type QemuNeeds = z.infer<typeof schema>;

export function needsOf({
  driver,
  qemuVersion,
  machine,
  acceleration,
  processor,
}: SavedFacts): QemuNeeds {
  return { driver, qemuVersion, machine, acceleration, processor };
}

/** Errors: `unsupported`. */
export function readNeeds(told: GuestNeeds): QemuNeeds {
  const parsed = schema.safeParse(told);
  if (parsed.success) return parsed.data;
  throw new Fault('unsupported', 'the other host tells of the guest in words of another version', {
    cause: parsed.error,
    hint: 'update Gantry on both hosts',
  });
}

/** Its revision alone: `7.2`. */
export function revisionOf({ machine }: Pick<QemuNeeds, 'machine'>): string | undefined {
  return /-(\d+\.\d+)$/.exec(machine)?.[1];
}

export interface NeededHost {
  readonly qemuVersion: string;
  /** Machines this QEMU has, `q35-7.2`. */
  readonly machines: ReadonlySet<string>;
  readonly accelerations: ReadonlySet<'kvm' | 'tcg'>;
  /** Features of its processor. */
  readonly processor: ReadonlySet<string>;
}

const maxNamed = 8;

/** All of it together (MIG-03, MIG-05). */
export function judgeNeeds(needs: QemuNeeds, host: NeededHost): Reason[] {
  const reasons: Reason[] = [];
  const atRest = 'shut it down first and move it then';
  if (!host.machines.has(needs.machine))
    reasons.push({
      code: 'guest-machine',
      text: `the guest runs on a machine ${needs.machine}, which QEMU ${host.qemuVersion} there does not have`,
      remedy: `update QEMU there, or ${atRest}`,
    });
  if (!host.accelerations.has(needs.acceleration))
    reasons.push({
      code: 'guest-acceleration',
      text: `the guest runs under ${needs.acceleration}, which that host does not have`,
      remedy: `choose another host, or ${atRest}`,
    });
  const lacking = needs.processor.filter((feature) => !host.processor.has(feature));
  if (lacking.length > 0) {
    const named = lacking.slice(0, maxNamed).join(', ');
    const more = lacking.length > maxNamed ? ` and ${lacking.length - maxNamed} more` : '';
    reasons.push({
      code: 'guest-processor',
      text: `the processor of that host lacks ${named}${more}, which the guest may use`,
      remedy: `choose a host that has them, or ${atRest}`,
    });
  }
  return reasons;
}
