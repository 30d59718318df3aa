/** What a vm that comes or goes would become, asked of the host before anything is done; asked once, however many parts show of it. */
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { DryRun } from '#api';

export interface TransferPlan {
  /** With all that the request says. */
  readonly planKey: readonly unknown[];
  readonly plan: (signal: AbortSignal) => Promise<DryRun>;
}

/** `isReady`: there is something to be asked about. */
export function useTransferPlan(
  { planKey, plan }: TransferPlan,
  isReady: boolean,
): UseQueryResult<DryRun> {
  return useQuery({
    queryKey: planKey,
    enabled: isReady,
    staleTime: 0,
    gcTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => plan(signal),
  });
}
