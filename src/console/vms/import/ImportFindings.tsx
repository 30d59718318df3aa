/** What would become of each part of the vm, what is in the way first; asked of the host before anything is done. */
import { Alert, ExpandableSection, Spinner } from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { TransferFinding } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { ReasonList } from '../../parts/ReasonList.tsx';
import type { ImportBody } from './import-body.ts';
import { useImportText } from './import-words.ts';

export function ImportFindings({ body }: { readonly body: ImportBody }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useImportText();
  const { data, error, isFetching } = useQuery({
    queryKey: ['vm.import', body],
    staleTime: 0,
    gcTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => client.dryRun('vm.import', { body }, signal),
  });
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
          {text('below')}
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
