/** The installation as a whole: what it is, how it is, its settings. */
import {
  diffSettings,
  finishedStates,
  installationId,
  useSchema,
  tellFinding,
  type Finding,
  type Installation,
  type InstallationPatch,
  type InstallationSettings,
  type Use,
  type Warnings,
} from '#api';
import { isoTime } from '#lib';
import { installationSettings } from '../access/sign-in/sessions.ts';
import type { Caller, Coordinator } from '../context.ts';
import type { OperationDocument, SettingDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { totalNow } from '../samples/total.ts';
import { commitFresh } from './commit-fresh.ts';
import { configureHosts } from './hosts.ts';
import { requireMatch, type Precondition } from './precondition.ts';
import { settingEvents } from './setting-events.ts';
import { installationThing } from './things.ts';
import { listWarnings } from './warnings/warnings.ts';

/** What does not change while the coordinator runs. */
export interface About {
  readonly productVersion: string;
  readonly apiVersion: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** What access has to say of encryption and certificates. */
  readonly findings: () => readonly Finding[];
}

export const settingId = 'installation';
const maxToldOfCheck = 20;

export async function showInstallation(
  coordinator: Coordinator,
  caller: Caller,
  about: About,
): Promise<Installation> {
  const { inventory, store } = coordinator;
  let unfinished = 0;
  for (const { data } of inventory.documents<OperationDocument>('operation'))
    if (!finishedStates.includes(data.state)) unfinished += 1;
  const running = inventory.list('vm', { limit: 1, filter: 'state = running' }, undefined).total;
  const [last] = await store.events({ newestFirst: 'newest-first', limit: 1 });
  const everything = caller.may('installation.view', { kind: 'installation' });
  return {
    kind: 'installation',
    id: installationId,
    name: 'gantry',
    productVersion: about.productVersion,
    apiVersion: about.apiVersion,
    version: inventory.document('setting', settingId)?.version ?? 0,
    startedAt: isoTime(about.startedAt),
    tls: isTlsOnly(inventory),
    settings: installationSettings(inventory),
    counts: {
      hosts: everything ? inventory.count('host') : 0,
      vms: everything ? inventory.count('vm') : 0,
      running: everything ? running : 0,
      operations: everything ? unfinished : 0,
      lastEvent: everything ? (last?.seq ?? 0) : 0,
    },
    use: everything ? showUse(coordinator) : null,
    findings: everything ? tellFindings(listWarnings(coordinator, caller, about.findings)) : [],
  };
}

const useFields = Object.keys(useSchema.shape) as readonly (keyof Use)[];

function showUse({ inventory }: Coordinator): Use {
  const figures = totalNow(inventory);
  return Object.fromEntries(useFields.map((field) => [field, figures[field] ?? null])) as Use;
}

/** What nobody has taken note of; of very many the first of each check. */
function tellFindings({ items, total }: Warnings): Finding[] {
  const told = new Map<string, number>();
  const findings: Finding[] = [];
  let untold = total - items.length;
  for (const { id: _id, thing: _thing, hostId: _hostId, acknowledged, ...finding } of items) {
    if (acknowledged !== null) continue;
    const before = told.get(finding.check) ?? 0;
    told.set(finding.check, before + 1);
    if (before < maxToldOfCheck) findings.push(finding);
    else untold += 1;
  }
  if (untold > 0)
    findings.push({
      check: 'warnings',
      result: 'warning',
      ...tellFinding('more-warnings', { count: untold }),
    });
  return findings;
}

/** Whether nothing is served without TLS. */
export function isTlsOnly(inventory: Inventory): boolean {
  return installationSettings(inventory).plainHttp !== 'served';
}

export async function updateInstallation(
  coordinator: Coordinator,
  caller: Caller,
  patch: InstallationPatch,
  options: { readonly precondition: Precondition; readonly dryRun: boolean },
): Promise<InstallationSettings> {
  const { inventory } = coordinator;
  const change = (): InstallationSettings => {
    const known = inventory.document<SettingDocument>('setting', settingId);
    requireMatch(options.precondition, 'the installation', known?.version ?? 0);
    const given = Object.entries(patch).filter(([, value]) => value !== undefined);
    return { ...installationSettings(inventory), ...Object.fromEntries(given) };
  };
  const before = installationSettings(inventory);
  const wanted = change();
  if (options.dryRun) return wanted;
  await commitFresh(coordinator, () => {
    const after = change();
    const known = inventory.document<SettingDocument>('setting', settingId);
    const changes = diffSettings(installationSettings(inventory), after);
    if (changes.length === 0) return undefined;
    return {
      conditions: [
        known === undefined
          ? { kind: 'setting', id: settingId, absent: true }
          : { kind: 'setting', id: settingId, version: known.version },
      ],
      writes: [{ kind: 'setting', id: settingId, data: after }],
      events: settingEvents(
        'installation.setting.changed',
        {
          target: installationThing,
          ancestors: [],
          actor: caller.actor,
          origin: caller.origin,
          correlationId: caller.correlationId,
        },
        changes,
      ),
    };
  });
  if (wanted.eventScripts !== before.eventScripts || wanted.thumbnails !== before.thumbnails)
    await configureHosts(coordinator);
  return installationSettings(inventory);
}
