/** Operations as people watch them: one line that moves on a terminal, plain lines off it. */
import type { Client, DryRun, Operation } from '#api';
import { Fault, type FaultCode } from '#lib';
import type { Run } from './command.ts';
import { plain, type Writer } from './output/writer.ts';

const barWidth = 20;

export function bar(progress: number): string {
  const filled = Math.round(progress * barWidth);
  return `[${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}] ${String(Math.round(progress * 100)).padStart(3)} %`;
}

function describe(operation: Operation): string {
  const step = operation.steps.find(
    (entry) => entry.state === 'running' || entry.state === 'undoing',
  );
  const what =
    step === undefined
      ? operation.state
      : `${step.state === 'undoing' ? 'undoing ' : ''}${step.name}`;
  const note = step?.note ?? null;
  return `${operation.action} ${operation.target.name}: ${what}${note === null ? '' : `, ${note}`}`;
}

/** Waits for the end while showing progress; a failed or cancelled operation becomes its fault. */
export async function follow(
  client: Client,
  out: Writer,
  started: Operation,
  signal: AbortSignal,
): Promise<Operation> {
  let said = '';
  const look = (operation: Operation): void => {
    const text = describe(operation);
    if (out.interactive)
      out.status(operation.progress === null ? text : `${bar(operation.progress)} ${text}`);
    else if (
      text !== said &&
      operation.steps.some((step) => step.state === 'running' && step.note !== null)
    )
      out.note(plain(text));
    said = text;
  };
  look(started);
  const ended = await client.wait(started, look, signal);
  out.status('');
  if (ended.state === 'done') return ended;
  const { fault, correlationId } = ended;
  if (fault === null)
    throw new Fault('cancelled', `${ended.action} ${ended.target.name} was cancelled`, {
      correlationId,
    });
  throw new Fault(fault.code as FaultCode, fault.message, { ...fault, correlationId });
}

/** What the checks of a creation or a start found that stood in nothing's way. */
function warningsOf({ result }: Operation): readonly string[] {
  const warnings = result?.['warnings'];
  return Array.isArray(warnings) ? warnings.filter((one) => typeof one === 'string') : [];
}

/**
 * Follows the operation, or with --no-wait names it; `done` is said at its end. Of a dry run nothing has begun:
 * what it warns of is told.
 */
export async function finish(
  run: Pick<Run, 'client' | 'out' | 'wait' | 'signal' | 'format' | 'dryRun'>,
  started: Operation,
  done: (operation: Operation) => string,
): Promise<Operation> {
  if (run.dryRun) {
    tellWarnings(run.out, started as unknown as DryRun);
    return started;
  }
  if (!run.wait) {
    if (run.format === 'json') run.out.line(JSON.stringify(started, null, 2));
    else
      run.out.line(`${started.action} ${started.target.name} has begun: operation ${started.id}`);
    run.out.hint(`gantry operation wait ${started.id}`);
    return started;
  }
  const ended = await follow(run.client, run.out, started, run.signal);
  for (const warning of warningsOf(ended)) run.out.note(`warning: ${plain(warning)}`);
  if (run.format === 'json') run.out.line(JSON.stringify(ended, null, 2));
  else run.out.line(done(ended));
  return ended;
}

/** What a dry run, or a thing as it is now, warns of. */
export function tellWarnings(out: Writer, { warnings }: Pick<DryRun, 'warnings'>): void {
  for (const { text, remedy } of warnings)
    out.note(`warning: ${plain(remedy === undefined ? text : `${text}; ${remedy}`)}`);
}
