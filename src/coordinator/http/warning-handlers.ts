/** The handlers of the routes of what is wrong. No logic. */
import type { RouteName } from '#api';
import type { About } from '../app/installation.ts';
import { acknowledgeWarning, listWarnings, reopenWarning } from '../app/warnings/warnings.ts';
import type { Coordinator } from '../context.ts';
import type { Handlers } from './route-handler.ts';

type WarningRoute = Extract<RouteName, `warning.${string}`>;

export function warningHandlers(
  coordinator: Coordinator,
  { findings }: Pick<About, 'findings'>,
): Pick<Handlers, WarningRoute> {
  return {
    'warning.list': ({ caller }) => listWarnings(coordinator, caller, findings),
    'warning.acknowledge': ({ caller, params, body, query }) =>
      acknowledgeWarning(coordinator, caller, findings, {
        id: params.warning,
        note: body.note,
        dryRun: query.dryRun,
      }),
    'warning.reopen': ({ caller, params, query }) =>
      reopenWarning(coordinator, caller, findings, {
        id: params.warning,
        dryRun: query.dryRun,
      }),
  };
}
