/**
 * Scripts of vms and of hosts run on hosts: who changes them, or the account that they run under, needs a right of their own beside that to
 * configure the vm or the host (API-38).
 */
import { diffSettings, type HostScript, type Script, type VmDefinition } from '#api';
import type { Caller, RightObject } from '../../context.ts';
import type { HostDocument } from '../../documents.ts';
import { requireVerb } from '../find.ts';

/** Errors: `forbidden`. */
export function requireScriptRight(
  caller: Caller,
  on: RightObject,
  after: VmDefinition,
  before?: VmDefinition,
): void {
  if (changesScripts(after.settings, before?.settings))
    requireVerb(caller, 'vm.scripts', on, after.name);
}

/** Errors: `forbidden`. */
export function requireHostScriptRight(
  caller: Caller,
  id: string,
  after: HostDocument,
  before: HostDocument,
): void {
  if (changesScripts(after.settings, before.settings))
    requireVerb(caller, 'host.scripts', { kind: 'host', id }, before.name);
}

interface Scripted {
  readonly scripts: readonly (Script | HostScript)[];
  readonly runAs: string | null;
}

function changesScripts(after: Scripted, before: Scripted | undefined): boolean {
  if (diffSettings(before?.scripts ?? [], after.scripts).length > 0) return true;
  return after.scripts.length > 0 && before?.runAs !== after.runAs;
}
