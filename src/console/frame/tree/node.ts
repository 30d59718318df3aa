/** The tree of the inventory as lines: what is seen, in order, with its depth. */
import type { ThingKind } from '../../parts/KindIcon.tsx';

export interface TreeLine {
  /** Unique in the tree, and what is remembered of what is unfolded. */
  readonly key: string;
  readonly depth: number;
  readonly label: string;
  /** Undefined of a group. */
  readonly thing: ThingKind | undefined;
  /** A sign of the state, and the state in words. */
  readonly sign:
    { readonly glyph: string; readonly word: string; readonly tone: string } | undefined;
  /** Undefined where nothing lies below. */
  readonly open: boolean | undefined;
  readonly to: string;
  readonly search?: Readonly<Record<string, string>>;
  /** Things below that are not shown; the way to all of them is `to`. */
  readonly count?: number;
}

/** Where the key leads from a line: another line's place, or folding and unfolding. */
export type TreeMove =
  | { readonly kind: 'focus'; readonly index: number }
  | { readonly kind: 'toggle'; readonly key: string }
  | undefined;

/** The keys of WAI-ARIA's tree pattern. */
export function moveInTree(lines: readonly TreeLine[], index: number, key: string): TreeMove {
  const line = lines[index];
  if (line === undefined) return undefined;
  const focus = (to: number): TreeMove =>
    to >= 0 && to < lines.length && to !== index ? { kind: 'focus', index: to } : undefined;
  switch (key) {
    case 'ArrowDown':
      return focus(index + 1);
    case 'ArrowUp':
      return focus(index - 1);
    case 'Home':
      return focus(0);
    case 'End':
      return focus(lines.length - 1);
    case 'ArrowRight':
      if (line.open === false) return { kind: 'toggle', key: line.key };
      return line.open === true ? focus(index + 1) : undefined;
    case 'ArrowLeft': {
      if (line.open === true) return { kind: 'toggle', key: line.key };
      const above = lines.findLastIndex(
        (other, place) => place < index && other.depth < line.depth,
      );
      return focus(above);
    }
    default:
      return undefined;
  }
}
