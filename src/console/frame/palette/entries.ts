/** What the palette offers: pages, things whose names hold what was typed, and what may be done with a thing. */
import type { Folder, Host, Image, Network, Team, TeamAction, Vm } from '#api';
import type { AskedHostAction } from '../../hosts/host-actions.ts';
import type { Words } from '../../i18n/words.ts';
import type { NetworkVerb } from '../../networks/verbs.ts';
import type { VmAsked } from '../../vm/offered.ts';

/** A thing that has actions. */
export type Thing =
  | { readonly kind: 'vm'; readonly vm: Vm }
  | { readonly kind: 'host'; readonly host: Host }
  | { readonly kind: 'team'; readonly team: Team }
  | { readonly kind: 'network'; readonly network: Network }
  | { readonly kind: 'image'; readonly image: Image }
  | { readonly kind: 'folder'; readonly folder: Folder };

/** What is asked, in a dialog, before something is done. */
export type Asked =
  | { readonly kind: 'vm'; readonly vm: Vm; readonly asked: VmAsked }
  | { readonly kind: 'host'; readonly host: Host; readonly action: AskedHostAction }
  | { readonly kind: 'team'; readonly team: Team; readonly verb: TeamAction | 'delete' }
  | { readonly kind: 'network'; readonly network: Network; readonly verb: NetworkVerb }
  | { readonly kind: 'image'; readonly image: Image }
  | { readonly kind: 'create-team' }
  | { readonly kind: 'create-network' };

export type Deed =
  | { readonly kind: 'choose'; readonly thing: Thing }
  | { readonly kind: 'go'; readonly to: string }
  | { readonly kind: 'ask'; readonly asked: Asked }
  | { readonly kind: 'act'; readonly act: () => void };

export interface Entry {
  readonly label: string;
  /** What kind of thing it is, in which state, or why it is not possible now. */
  readonly detail: string;
  /** Undefined where it is not possible now. */
  readonly deed: Deed | undefined;
}

/** What is not possible says why. */
export function judged(whyNot: string | undefined, label: string, deed: Deed): Entry {
  return whyNot === undefined
    ? { label, detail: '', deed }
    : { label, detail: whyNot, deed: undefined };
}

export function idOf(thing: Thing): string {
  switch (thing.kind) {
    case 'vm':
      return thing.vm.id;
    case 'host':
      return thing.host.id;
    case 'team':
      return thing.team.id;
    case 'network':
      return thing.network.id;
    case 'image':
      return thing.image.id;
    case 'folder':
      return thing.folder.id;
  }
}

export function nameOf(thing: Thing): string {
  switch (thing.kind) {
    case 'vm':
      return thing.vm.name;
    case 'host':
      return thing.host.name;
    case 'team':
      return thing.team.name;
    case 'network':
      return thing.network.name;
    case 'image':
      return thing.image.name;
    case 'folder':
      return thing.folder.path;
  }
}

/** `fact`: what it was found by, where that is not its name. */
export function thingEntry(thing: Thing, words: Words, fact?: string): Entry {
  const detail = describe(thing, words);
  return {
    label: nameOf(thing),
    detail: fact === undefined ? detail : `${fact} · ${detail}`,
    deed: { kind: 'choose', thing },
  };
}

function describe(thing: Thing, words: Words): string {
  switch (thing.kind) {
    case 'vm':
      return `${words.text('virtualMachine')}, ${words.state(thing.vm.standing)}`;
    case 'host':
      return `${words.text('host')}, ${words.hostStatus(thing.host.status)}`;
    case 'team': {
      const { state } = thing.team;
      return state === 'mixed' || state === 'empty'
        ? words.text('team')
        : `${words.text('team')}, ${words.state(state)}`;
    }
    case 'network':
      return `${words.text('network')}, ${words.networkState(thing.network.state)}`;
    case 'image':
      return words.text('image');
    case 'folder':
      return words.text('folder');
  }
}

/** Whether all words that were typed are in the label, whatever their order. */
export function fitsWords(label: string, typed: string): boolean {
  const lower = label.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
