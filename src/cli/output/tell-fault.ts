/** A fault as people are told it: the message, every reason, the next step, and where the log tells of it (EVT-08). */
import { describeFault, type Fault } from '#lib';
import { plain, type Writer } from './writer.ts';

/** `of`: which of several things it is about. */
export function tellFault(out: Writer, fault: Fault, of?: string): void {
  out.note(plain(`gantry: ${of === undefined ? '' : `${of}: `}${describeFault(fault)}`));
  for (const { text, remedy } of fault.reasons)
    out.note(plain(`  - ${text}${remedy === undefined ? '' : `; ${remedy}`}`));
  if (fault.hint !== undefined) out.hint(plain(fault.hint));
  if (fault.correlationId !== undefined)
    out.note(`log: ${out.typed(logCommand(fault.correlationId))}`);
}

/** The command that shows the events of what failed. */
export function logCommand(correlationId: string): string {
  return `gantry event list --filter 'correlationId = ${correlationId}'`;
}
