/** What this folder needs of the coordinator. */
import type { Coordinator } from '../context.ts';

export type LinkContext = Pick<
  Coordinator,
  'commit' | 'inventory' | 'clock' | 'log' | 'skippedRecords' | 'hypervisorEvents'
>;
