/**
 * Scripts of a vm run on its host: who changes them, or the account that they run under, needs a right of their own beside that to configure it
 * (API-38).
 */
import { diffSettings, type VmDefinition } from '#api';
import type { Caller, RightObject } from '../../context.ts';
import { requireVerb } from '../find.ts';

/** Errors: `forbidden`. */
export function requireScriptRight(
  caller: Caller,
  on: RightObject,
  after: VmDefinition,
  before?: VmDefinition,
): void {
  const { scripts, runAs } = after.settings;
  const changed = diffSettings(before?.settings.scripts ?? [], scripts).length > 0;
  const otherAccount = scripts.length > 0 && before?.settings.runAs !== runAs;
  if (changed || otherAccount) requireVerb(caller, 'vm.scripts', on, after.name);
}
