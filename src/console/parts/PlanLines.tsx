/** What a bulk operation would do, from its dry run: the vms it acts on, those it leaves out, with the reason. */
import { Content } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { DryRun } from '#api';
import { useWords } from '../console.ts';

export function planLines(
  plan: DryRun | undefined,
  code: 'acts-on' | 'leaves-out',
): readonly string[] {
  return plan?.warnings.filter((line) => line.code === code).map(({ text }) => text) ?? [];
}

export function PlanLines({ plan }: { readonly plan: DryRun }): ReactNode {
  const words = useWords();
  const lists = [
    { key: 'actsOn', lines: planLines(plan, 'acts-on') },
    { key: 'leavesOut', lines: planLines(plan, 'leaves-out') },
  ] as const;
  return lists
    .filter(({ lines }) => lines.length > 0)
    .map(({ key, lines }) => {
      const title = words.text(key, { count: words.count(lines.length) });
      return (
        <div key={key}>
          <Content component="h3">{title}</Content>
          <ul className="files" tabIndex={0} aria-label={title}>
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      );
    });
}
