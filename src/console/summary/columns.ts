/** What a running vm uses, as columns: those of any list of vms, but others of them at first. */
import { vmColumns } from '../vms/vm-columns.tsx';

const first: ReadonlySet<string> = new Set([
  'name',
  'host',
  'runningTime',
  'cpu',
  'memoryUsed',
  'diskRead',
  'diskWritten',
  'netReceived',
  'netSent',
]);

export const columnsOfUse = vmColumns.map((column) => ({
  ...column,
  first: first.has(column.key),
}));
