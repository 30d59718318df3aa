/** What would become of each part of a vm that is imported. */
import type { ReactNode } from 'react';
import { TransferFindings } from '../../transfer/TransferFindings.tsx';
import type { TransferPlan } from '../../transfer/use-transfer-plan.ts';
import { useImportText } from './import-words.ts';

export function ImportFindings({ asked }: { readonly asked: TransferPlan }): ReactNode {
  const text = useImportText();
  return <TransferFindings {...asked}>{text('below')}</TransferFindings>;
}
