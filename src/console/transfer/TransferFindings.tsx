/** What would become of each part of a vm that comes or goes, what is in the way first; asked of the host before anything is done. */
import { ExpandableSection, Spinner } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { TransferFinding } from '#api';
import { useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { ReasonList } from '../parts/ReasonList.tsx';
import { useTransferText } from './transfer-words.ts';
import { useTransferPlan, type TransferPlan } from './use-transfer-plan.ts';
import { Alert } from '../parts/Alert.tsx';

export function TransferFindings({
  children,
  ...asked
}: TransferPlan & {
  /** Below what is in the way: where it is dealt with. */
  readonly children?: ReactNode;
}): ReactNode {
  const words = useWords();
  const text = useTransferText();
  const { data, error, isFetching } = useTransferPlan(asked, true);
  if (error !== null) return <FailureAlert error={error} />;
  if (data === undefined)
    return isFetching ? <Spinner size="md" aria-label={text('checking')} /> : null;
  const findings = data.findings ?? [];
  const blocking = findings.filter(({ effect }) => effect === 'blocking');
  const told = new Set(findings.map((finding) => finding.text));
  const warnings = data.warnings.filter((warning) => !told.has(warning.text));
  return (
    <>
      {warnings.length > 0 && (
        <Alert variant="warning" isInline component="p" title={text('warnings')}>
          <ReasonList reasons={warnings} />
        </Alert>
      )}
      {blocking.length > 0 && (
        <Alert variant="danger" isInline component="p" title={text('blocking')}>
          <Findings findings={blocking} />
          {children}
        </Alert>
      )}
      {(['dropped', 'adapted', 'carried'] as const).map((effect) => {
        const of = findings.filter((finding) => finding.effect === effect);
        if (of.length === 0) return null;
        return (
          <ExpandableSection
            key={effect}
            toggleText={text('counted', { what: text(effect), count: words.count(of.length) })}
          >
            <Findings findings={of} />
          </ExpandableSection>
        );
      })}
    </>
  );
}

function Findings({ findings }: { readonly findings: readonly TransferFinding[] }): ReactNode {
  const words = useWords();
  return (
    <ul>
      {findings.map(({ code, text, remedy }) => (
        <li key={text} className="breakable">
          {code === 'carried'
            ? text
            : words.reason({ code, text, ...(remedy === null ? {} : { remedy }) })}
        </li>
      ))}
    </ul>
  );
}
