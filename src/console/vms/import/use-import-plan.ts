/** What is asked of the host before an import. */
import { useMemo } from 'react';
import { useConsole } from '../../console.ts';
import type { TransferPlan } from '../../transfer/use-transfer-plan.ts';
import type { ImportBody } from './import-body.ts';

export function useImportPlan(body: ImportBody): TransferPlan {
  const { client } = useConsole();
  return useMemo(
    () => ({
      planKey: ['vm.import', body],
      plan: (signal) => client.dryRun('vm.import', { body }, signal),
    }),
    [client, body],
  );
}
