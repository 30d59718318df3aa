/**
 * Vms of a libvirt host whose ids were made of another one (docs/rfd/0032): those that came from there, and those that an operation
 * brings, or may give back (docs/rfd/0034). Whoever connects the host has to know them before it shows them.
 */
import { guestUuid, type KnownVm } from '#api';
import { machineId } from '#foreign';
import type { OperationDocument, VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { passageAction, passageInput } from '../app/vm/passage-input.ts';

export function knownVms(inventory: Inventory, hostId: string): KnownVm[] {
  const came = [...inventory.vmsOfHost(hostId)].flatMap((id) => {
    const definition = inventory.document<VmDocument>('vm', id)?.data.definition;
    const uuid = definition === undefined ? undefined : guestUuid(definition);
    return uuid === undefined || machineId(hostId, uuid) === id
      ? []
      : [{ uuid, id, came: 'yes' as const }];
  });
  const lent = [...inventory.documents<VmDocument>('vm')].flatMap(({ id, data }) => {
    if (data.lent?.hostId !== hostId) return [];
    const { uuid } = data.lent;
    return machineId(hostId, uuid) === id ? [] : [{ uuid, id, came: 'yes' as const }];
  });
  const coming = [...inventory.documents<OperationDocument>('operation')].flatMap(({ data }) => {
    const { action, target, input, endedAt } = data;
    if (action !== passageAction || endedAt !== null) return [];
    const { toHost, uuid } = passageInput(input);
    return toHost === hostId ? [{ uuid, id: target.id, came: 'maybe' as const }] : [];
  });
  return [...came, ...lent, ...coming];
}
