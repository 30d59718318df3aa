/**
 * Changes of settings as events: one per path (VM-18, EVT-14, EVT-22), and of some another one of their own: allotted
 * resources (EVT-31 to EVT-34) and the account that a vm runs under (EVT-75).
 */
import { Fault } from '#lib';
import type { Actor, SettingChange, SettingValue, Thing } from '#api';
import type { NewEvent } from '../store/store.ts';

const maxChanges = 2000;
const maxValueLength = 1000;

/** What all events of one change have in common. */
export interface EventFrame {
  readonly target: Thing;
  readonly ancestors: readonly Thing[];
  readonly actor: Actor;
  readonly origin: string | null;
  readonly correlationId: string | null;
}

const ownEvents: Readonly<
  Record<string, 'vm.resource.cpu' | 'vm.resource.memory' | 'security.run-account.changed'>
> = {
  'resources/cpu_weight': 'vm.resource.cpu',
  'resources/cpu_reserve_percent': 'vm.resource.cpu',
  'resources/cpu_maximum_percent': 'vm.resource.cpu',
  'hardware/memory/size_bytes': 'vm.resource.memory',
  'settings/run_as': 'security.run-account.changed',
};

/** Errors: `too-large` for more than 2,000 changes at once. */
export function settingEvents(
  name:
    | 'vm.setting.changed'
    | 'host.setting.changed'
    | 'network.setting.changed'
    | 'installation.setting.changed',
  frame: EventFrame,
  changes: readonly SettingChange[],
): readonly NewEvent[] {
  if (changes.length > maxChanges)
    throw new Fault('too-large', `the change touches ${changes.length} settings at once`, {
      facts: { limit: maxChanges },
      hint: 'change them in several requests',
    });
  const events: NewEvent[] = [];
  for (const change of changes) {
    const attributes = {
      path: change.path.slice(0, maxValueLength),
      oldValue: shorten(change.oldValue),
      newValue: shorten(change.newValue),
    };
    events.push({ ...frame, name, attributes });
    const own = name === 'vm.setting.changed' ? ownEvents[change.path] : undefined;
    if (own !== undefined) events.push({ ...frame, name: own, attributes });
  }
  return events;
}

function shorten(value: SettingValue): SettingValue {
  return typeof value === 'string' && value.length > maxValueLength
    ? `${value.slice(0, maxValueLength)}…`
    : value;
}
