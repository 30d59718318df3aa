/**
 * The judge of quotas. A quota of a folder holds for all vms in it and below it, whoever changes them.
 *
 * Invariant: whatever takes something of a quota writes the folder's charge, on the condition that it is as it was when
 * the sums were read; so does whoever sets the quota. Two that would take the last place at once cannot both commit; whatever gives something back needs
 * no condition.
 */
import { Fault, formatBytes, type Reason } from '#lib';
import {
  mixUse,
  noUse,
  quotaMeasures,
  useOf,
  type QuotaMeasure,
  type QuotaUse,
  type VmDefinition,
} from '#api';
import type {
  Charge,
  ChargeDocument,
  FolderDocument,
  QuotaDocument,
  VmDocument,
} from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Commit, Condition, Document, Write } from '../store/store.ts';

export type ChargePart = Required<Pick<Commit, 'conditions' | 'writes'>>;

export const noCharge: ChargePart = { conditions: [], writes: [] };

/** Something that is to count in a folder. */
interface Taking {
  /** Id of the vm or folder, and what it is called in a refusal. */
  readonly id: string;
  readonly name: string;
  readonly into: string;
  readonly use: QuotaUse;
  /** Where it counts now, and with what. */
  readonly from: { readonly folderId: string; readonly use: QuotaUse } | undefined;
}

/** The quotas that hold in the folder, its own first. */
export function quotasAbove(
  inventory: Inventory,
  folderId: string,
): readonly Document<QuotaDocument>[] {
  if (inventory.count('quota') === 0) return [];
  return inventory.foldersAbove(folderId).flatMap((id) => {
    const quota = inventory.document<QuotaDocument>('quota', id);
    return quota === undefined ? [] : [quota];
  });
}

/** What the commit that lets a vm have this must hold and write. Errors: `blocked` naming each quota, what is used of it and what was asked. */
export function chargeVm(
  inventory: Inventory,
  { vm, folderId, use }: Charge,
  name: string,
): ChargePart {
  return take(inventory, { id: vm, name, into: folderId, use, from: inventory.counted(vm) });
}

/** Of an operation that changes a vm: what it has before and what it will have, since both may be until the end. */
export function chargeOfChange(
  id: string,
  { definition, folderId }: VmDocument,
  after: VmDefinition,
): Charge {
  return { vm: id, folderId, use: mixUse(useOf(definition), useOf(after), Math.max) };
}

/** As chargeVm, for a folder that goes into another one with all that is in it. */
export function chargeFolder(inventory: Inventory, id: string, into: string): ChargePart {
  const use = inventory.quotaUse(id);
  const now = inventory.document<FolderDocument>('folder', id)?.data.parentId ?? undefined;
  const from = now === undefined ? undefined : { folderId: now, use };
  return take(inventory, { id, name: inventory.folderPath(id), into, use, from });
}

function take(inventory: Inventory, taking: Taking): ChargePart {
  const { from, id, into, name, use } = taking;
  const counts = new Set(from === undefined ? [] : inventory.foldersAbove(from.folderId));
  const against: Reason[] = [];
  const parts = quotasAbove(inventory, into).flatMap((quota) => {
    const before = from !== undefined && counts.has(quota.id) ? from.use : noUse;
    const grown = mixUse(use, before, (one, other) => one - other);
    if (quotaMeasures.every((measure) => grown[measure] <= 0)) return [];
    against.push(...judge(inventory, quota, grown));
    const held = inventory.document<ChargeDocument>('charge', quota.id);
    const condition: Condition =
      held === undefined
        ? { kind: 'charge', id: quota.id, absent: true }
        : { kind: 'charge', id: quota.id, version: held.version };
    return [{ condition, write: noteCharge(quota.id, id) }];
  });
  if (against.length > 0)
    throw new Fault('blocked', `${name} is more than a quota allows`, {
      reasons: against,
      hint: 'see what is used: gantry quota list',
    });
  return {
    conditions: parts.map(({ condition }) => condition),
    writes: parts.map(({ write }) => write),
  };
}

/** Whoever has read sums of the folder before it reads them again. */
export function noteCharge(folderId: string, by: string): Write {
  return { kind: 'charge', id: folderId, data: { by } satisfies ChargeDocument };
}

/** What is not more than before is let pass, however much too much is used. */
function judge(
  inventory: Inventory,
  { id, data: limits }: Document<QuotaDocument>,
  grown: QuotaUse,
): readonly Reason[] {
  const used = inventory.quotaUse(id);
  const path = inventory.folderPath(id);
  return quotaMeasures.flatMap((measure) => {
    const limit = limits[measure];
    if (limit === null || grown[measure] <= 0 || used[measure] + grown[measure] <= limit) return [];
    const { code, option, say } = measures[measure];
    return [
      {
        code,
        text: `folder ${path} may have ${say(limit)}; it has ${say(used[measure])}, and this is ${say(grown[measure])} more`,
        remedy: `give something back there, or ask who manages the folder above it for more: gantry quota set ${path} ${option}`,
      },
    ];
  });
}

/** `2 vms, 4 GiB of memory`, or `none`. */
export function limitsInWords(limits: QuotaDocument | undefined): string {
  const parts = quotaMeasures.flatMap((measure) => {
    const limit = limits?.[measure] ?? null;
    return limit === null ? [] : [measures[measure].say(limit)];
  });
  return parts.join(', ') || 'none';
}

const measures: Readonly<
  Record<
    QuotaMeasure,
    { readonly code: string; readonly option: string; readonly say: (amount: number) => string }
  >
> = {
  vms: { code: 'quota-vms', option: '--vms N', say: (n) => `${n} ${n === 1 ? 'vm' : 'vms'}` },
  processors: {
    code: 'quota-processors',
    option: '--processors N',
    say: (n) => `${n} ${n === 1 ? 'processor' : 'processors'}`,
  },
  memoryBytes: {
    code: 'quota-memory',
    option: '--memory SIZE',
    say: (n) => `${formatBytes(n)} of memory`,
  },
  diskBytes: {
    code: 'quota-disk',
    option: '--disk SIZE',
    say: (n) => `${formatBytes(n)} of disks`,
  },
};
