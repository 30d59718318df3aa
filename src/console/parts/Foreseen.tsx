/** What the server says to a request before it is sent: what it would refuse, or what it warns of. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { DryRun } from '#api';
import { FailureAlert } from './FailureAlert.tsx';
import { ReasonList } from './ReasonList.tsx';
import { Alert } from './Alert.tsx';

export function Foreseen({
  planKey,
  enabled,
  title,
  plan,
}: {
  /** With all that the request says. */
  readonly planKey: readonly unknown[];
  /** Whether there is enough of a request to be asked about. */
  readonly enabled: boolean;
  /** Over the warnings. */
  readonly title: string;
  readonly plan: (signal: AbortSignal) => Promise<DryRun>;
}): ReactNode {
  const { data, error } = useQuery({
    queryKey: planKey,
    enabled,
    staleTime: 0,
    gcTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => plan(signal),
  });
  if (error !== null) return <FailureAlert error={error} />;
  const warnings = data?.warnings ?? [];
  if (warnings.length === 0) return null;
  return (
    <Alert variant="warning" isInline component="p" title={title}>
      <ReasonList reasons={warnings} />
    </Alert>
  );
}
