/**
 * Snapshots as they are drawn: what was taken one after another is one line from top to bottom, and only
 * where several things go on from a snapshot the lines part. The present is the end of the line that it goes on from.
 */
import type { Snapshot } from '#api';

export type TreeNode =
  { readonly kind: 'snapshot'; readonly snapshot: Snapshot } | { readonly kind: 'present' };

export interface Line {
  /** One after another, at least one. */
  readonly nodes: readonly TreeNode[];
  /** What goes on from the last of them: nothing, or two lines and more. */
  readonly branches: readonly Line[];
}

/** A snapshot whose parent is not there begins a line. */
export function drawTree(snapshots: readonly Snapshot[]): readonly Line[] {
  const known = new Set(snapshots.map(({ id }) => id));
  const nodes: readonly TreeNode[] = [
    ...snapshots.map((snapshot) => ({ kind: 'snapshot', snapshot }) as const),
    { kind: 'present' },
  ];
  const presentFrom = snapshots.find(({ present }) => present)?.id ?? null;
  const parentOf = (node: TreeNode): string | null => {
    const parent = node.kind === 'present' ? presentFrom : node.snapshot.parent;
    return parent !== null && known.has(parent) ? parent : null;
  };
  const goingOnFrom = (id: string | null): readonly TreeNode[] =>
    nodes.filter((node) => parentOf(node) === id);
  const lineFrom = (first: TreeNode): Line => {
    const line = [first];
    for (let last = first; ;) {
      const next = last.kind === 'present' ? [] : goingOnFrom(last.snapshot.id);
      const [only] = next;
      if (only === undefined || next.length > 1)
        return { nodes: line, branches: next.map(lineFrom) };
      line.push(only);
      last = only;
    }
  };
  return goingOnFrom(null).map(lineFrom);
}

export function snapshotsAfter(snapshots: readonly Snapshot[], id: string): readonly Snapshot[] {
  return snapshots.filter(({ parent }) => parent === id);
}
