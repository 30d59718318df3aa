/** What the palette offers: pages, things whose names hold what was typed, and a thing's actions. */
import type { AllowedAction, Host, Image, Vm } from '#api';
import type { HostAction } from '../../hosts/host-actions.ts';

export type Entry =
  | { readonly kind: 'page'; readonly to: string; readonly label: string }
  | { readonly kind: 'vm'; readonly vm: Vm }
  | { readonly kind: 'host'; readonly host: Host }
  | { readonly kind: 'image'; readonly image: Image }
  | { readonly kind: 'vm-action'; readonly vm: Vm; readonly allowed: AllowedAction }
  | { readonly kind: 'host-action'; readonly host: Host; readonly action: HostAction }
  | { readonly kind: 'image-action'; readonly image: Image; readonly action: 'delete' };

/** The thing whose actions are offered. */
export type Chosen = Extract<Entry, { readonly kind: 'vm' | 'host' | 'image' }>;

/** Whether all words that were typed are in the label, whatever their order. */
export function fitsWords(label: string, typed: string): boolean {
  const lower = label.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
