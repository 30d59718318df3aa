/** What menus and the palette offer to do with a vm, in their order, and what each asks before it is done. */
import { powerActions, type AllowedAction, type PowerAction, type VmAction } from '#api';
import type { Words } from '../i18n/words.ts';
import { mayGoUnasked, type Asking } from './asking.ts';

/** Those that need to know nothing, though some ask whether one is sure. */
const lastActions = ['make-template', 'end-template', 'remove', 'delete'] as const;
export type ImmediateAction = PowerAction | (typeof lastActions)[number];
const formActions = ['clone', 'relocate', 'migrate', 'adopt', 'give-back', 'rename'] as const;
const consoles = ['screen', 'serial'] as const;
const order: readonly VmAction[] = [...consoles, ...powerActions, ...formActions, ...lastActions];

export type VmAsked =
  | { readonly kind: 'confirm'; readonly action: ImmediateAction; readonly loss: string }
  | { readonly kind: (typeof formActions)[number] }
  | { readonly kind: 'export' | 'file' };

export type VmDeed =
  /** To a tab of the vm's page. */
  | { readonly kind: 'go'; readonly tab: (typeof consoles)[number] }
  | { readonly kind: 'act'; readonly action: ImmediateAction }
  | { readonly kind: 'ask'; readonly asked: VmAsked };

export function isConsole(action: VmAction): action is (typeof consoles)[number] {
  return consoles.some((one) => one === action);
}

export function isPower(action: VmAction): action is PowerAction {
  return powerActions.some((power) => power === action);
}

/**
 * What the driver of its host cannot do is not offered (WEB-65), and a template is ended only where there is one. A copy is offered where one can be made at all: of the vm as it is,
 * or of one of its snapshots. What can move while it stands still is not moved as it runs.
 */
export function offeredActions(actions: readonly AllowedAction[]): readonly AllowedAction[] {
  const isTemplate = actions.some(({ action, allowed }) => action === 'end-template' && allowed);
  const hidden = isTemplate ? 'make-template' : 'end-template';
  const mayStandStill = actions.some(({ action, allowed }) => action === 'relocate' && allowed);
  return order.flatMap((action) => {
    const judged = actions.find((one) => one.action === action);
    if (judged === undefined || judged.unsupported === true || action === hidden) return [];
    if (action === 'migrate' && mayStandStill) return [];
    if (action !== 'clone' || judged.allowed) return [judged];
    const ofSnapshot = actions.find((one) => one.action === 'clone-snapshot');
    return [ofSnapshot?.allowed === true ? { ...ofSnapshot, action } : judged];
  });
}

/** An export for another product is a copy of the vm as it is; undefined where its host makes none. */
export function offeredExport(actions: readonly AllowedAction[]): AllowedAction | undefined {
  return actions.find(({ action, unsupported }) => action === 'clone' && unsupported !== true);
}

/** Undefined where it is not offered, or not possible now. */
export function deedOf(
  { action, allowed, confirm }: AllowedAction,
  words: Words,
  asking: Asking,
): VmDeed | undefined {
  if (!allowed) return undefined;
  if (isConsole(action)) return { kind: 'go', tab: action };
  const form = formActions.find((one) => one === action);
  if (form !== undefined) return { kind: 'ask', asked: { kind: form } };
  const immediate = isPower(action) ? action : lastActions.find((one) => one === action);
  if (immediate === undefined) return undefined;
  // Nothing is lost by it, which is what there is to say (WEB-26).
  const loss =
    action === 'remove' ? words.text('removeKeeps') : confirm && words.loss(action, confirm);
  const silent = asking === 'do at once' && mayGoUnasked(action);
  return loss === undefined || silent
    ? { kind: 'act', action: immediate }
    : { kind: 'ask', asked: { kind: 'confirm', action: immediate, loss } };
}
