/** The snapshots of a vm drawn as a tree, with the present as the end of its line. */
import { Label } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { AllowedAction, Snapshot, Vm } from '#api';
import { useWords } from '../../console.ts';
import { VmStateLabel } from '../VmStateLabel.tsx';
import { drawTree, type Line, type TreeNode } from './snapshot-tree.ts';
import { SnapshotMenu, type SnapshotVerb } from './SnapshotMenu.tsx';
import { useSnapshotText } from './words.ts';

interface Drawn {
  readonly vm: Vm;
  readonly snapshots: readonly Snapshot[];
  readonly actions: readonly AllowedAction[];
  readonly onChoose: (verb: SnapshotVerb, snapshot: Snapshot) => void;
}

export function SnapshotTree(drawn: Drawn): ReactNode {
  const text = useSnapshotText();
  return (
    <ul className="snapshots" aria-label={text('snapshots')}>
      {drawTree(drawn.snapshots).map((line, index) => (
        <DrawnLine key={index} line={line} {...drawn} />
      ))}
    </ul>
  );
}

function DrawnLine({ line, ...drawn }: Drawn & { readonly line: Line }): ReactNode {
  return (
    <li className={line.branches.length > 0 ? 'parting' : ''}>
      <ol>
        {line.nodes.map((node) => (
          <li key={node.kind === 'present' ? 'present' : node.snapshot.id} className={node.kind}>
            <DrawnNode node={node} {...drawn} />
          </li>
        ))}
      </ol>
      {line.branches.length > 0 && (
        <ul>
          {line.branches.map((branch, index) => (
            <DrawnLine key={index} line={branch} {...drawn} />
          ))}
        </ul>
      )}
    </li>
  );
}

function DrawnNode({
  node,
  vm,
  snapshots,
  actions,
  onChoose,
}: Drawn & { readonly node: TreeNode }): ReactNode {
  const words = useWords();
  const text = useSnapshotText();
  if (node.kind === 'present') {
    const from = snapshots.find(({ present }) => present);
    return (
      <div className="snapshot-row">
        <div className="snapshot-words">
          <Label isCompact color="blue">
            {text('now')}
          </Label>
          <VmStateLabel state={vm.state} />
          <span className="snapshot-told">
            {from !== undefined && text('nowAfter', { name: from.name })}
          </span>
        </div>
      </div>
    );
  }
  const { snapshot } = node;
  const { name, description, author, takenAt, sizeBytes, memoryBytes, quiesced } = snapshot;
  return (
    <div className="snapshot-row">
      <div className="snapshot-words">
        <strong>{name}</strong>
        <span className="snapshot-told">{description}</span>
        <span>{words.time(takenAt)}</span>
        <span>{author !== null && text('takenBy', { author })}</span>
        {memoryBytes !== null && <Label isCompact>{text('withMemory')}</Label>}
        {quiesced && <Label isCompact>{text('quiesced')}</Label>}
        <span className="snapshot-size">{words.bytes(sizeBytes)}</span>
      </div>
      <SnapshotMenu
        vm={vm}
        snapshot={snapshot}
        actions={actions}
        onChoose={(verb) => onChoose(verb, snapshot)}
      />
    </div>
  );
}
