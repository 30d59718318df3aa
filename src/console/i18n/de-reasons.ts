/**
 * Deutsch: warum etwas mit einer VM jetzt nicht geht, und was hülfe. The keys are the contract's own sentences
 * (src/api/vm/judge-action.ts, action-hints.ts), with {name} for the vm's name.
 */
import {
  allVerbs,
  describeAct,
  findingTexts,
  vmStateFacts,
  type FindingCode,
  type VmAction,
  type VmState,
} from '#api';
import { germanFindings } from './de-findings.ts';
import { germanOfDisks } from './de-told-disks.ts';
import { germanOfEvents } from './de-told-events.ts';
import { germanOfFaults } from './de-told-faults.ts';
import { germanOfMoves } from './de-told-moves.ts';
import { germanOfNetworks } from './de-told-networks.ts';
import { germanOfParents } from './de-told-parents.ts';
import { germanOfStarts } from './de-told-starts.ts';
import type { Phrases } from './phrases.ts';

const hints = {
  'switch it on with: gantry vm set NAME settings.console.enabled=true':
    'schalten Sie sie in den Optionen der VM ein',
  'switch them on with: gantry host set HOST settings.consoles=true':
    'schalten Sie sie ein: gantry host set HOST settings.consoles=true',
  'restore the saved state, or discard it first':
    'stellen Sie den gespeicherten Zustand wieder her, oder verwerfen Sie ihn zuerst',
  'restore the vm and turn it off, or discard the saved state first':
    'stellen Sie die VM wieder her und schalten Sie sie aus, oder verwerfen Sie zuerst den gespeicherten Zustand',
  'restore it first, or discard its state':
    'stellen Sie sie zuerst wieder her, oder verwerfen Sie ihren Zustand',
  'restore the vm first': 'stellen Sie die VM zuerst wieder her',
  'discard the saved state first': 'verwerfen Sie zuerst den gespeicherten Zustand',
  'turn the vm off first': 'schalten Sie die VM zuerst aus',
  'turn the vm off or save its state first':
    'schalten Sie die VM zuerst aus, oder speichern Sie ihren Zustand',
  'shut it down first, or pause it or save its state':
    'fahren Sie sie zuerst herunter, halten Sie sie an, oder speichern Sie ihren Zustand',
  'move its disks one by one, with: gantry vm move-disk; all of its files move while it is off, saved or paused':
    'verschieben Sie ihre Platten einzeln; alle ihre Dateien gehen, wenn sie aus, gespeichert oder angehalten ist',
  'it moves with its saved state: gantry vm move NAME --host HOST':
    'sie zieht mit ihrem gespeicherten Zustand um: Verschieben',
  'shut it down first': 'fahren Sie sie zuerst herunter',
  'clone it, or make it an ordinary vm again with: gantry vm template {name} --end':
    'klonen Sie sie, oder machen Sie sie wieder zur gewöhnlichen VM',
  'it runs already': 'sie läuft schon',
  'resume it': 'setzen Sie sie fort',
  'resume it first': 'setzen Sie sie zuerst fort',
  'resume it first: a paused guest cannot shut down':
    'setzen Sie sie zuerst fort: Ein angehaltener Gast kann nicht herunterfahren',
  'release it': 'lassen Sie sie los',
  'restore the vm, or discard the saved state first':
    'stellen Sie die VM wieder her, oder verwerfen Sie zuerst den gespeicherten Zustand',
  'turn it off with: --undo commit':
    'wählen Sie beim Ausschalten, dass die Rückgängig-Platten übernommen werden',
  'turn it off with: --undo discard':
    'wählen Sie beim Ausschalten, dass die Rückgängig-Platten verworfen werden',
  'only a running or paused vm has a state to save':
    'nur eine laufende oder angehaltene VM hat einen Zustand zum Speichern',
  'look at the host with: gantry host show': 'sehen Sie auf der Seite des Hosts nach',
  'install the guest additions, or press the power button':
    'installieren Sie die Gasterweiterungen, oder drücken Sie den Netzschalter',
  'install the guest additions, or use reset':
    'installieren Sie die Gasterweiterungen, oder setzen Sie sie zurück',
  'insert the additions CD and run its install.sh in the guest':
    'legen Sie die CD der Gasterweiterungen ein, und führen Sie im Gast deren install.sh aus',
};

const reasons = {
  'its console is switched off': 'ihre Konsole ist abgeschaltet',
  'consoles are switched off on its host': 'auf ihrem Host sind Konsolen abgeschaltet',
  'the host of {name} does not answer': 'der Host von {name} antwortet nicht',
  '{name} is paused, not held': '{name} ist angehalten, aber nicht am Start festgehalten',
  '{name} is held before its first instruction': '{name} ist vor dem ersten Befehl festgehalten',
  'no hypervisor of others has had it': 'kein Hypervisor anderer hat sie gehabt',
  '{name} is a template': '{name} ist eine Vorlage',
  '{name} is a template already': '{name} ist schon eine Vorlage',
  '{name} is not a template': '{name} ist keine Vorlage',
  '{name} has no undo disks': '{name} hat keine Rückgängig-Platten',
  'no guest additions have answered in {name} since it started':
    'in {name} haben seit dem Start keine Gasterweiterungen geantwortet',
  'the guest additions in {name} do not answer': 'die Gasterweiterungen in {name} antworten nicht',
};

export function germanSentences(
  states: Readonly<Record<VmState, string>>,
  actions: Readonly<Record<VmAction, string>>,
): Phrases {
  const ofStates = Object.entries(vmStateFacts).flatMap(([state, { label }]) => {
    const said = states[state as VmState];
    return [
      [`{name} is ${label.toLowerCase()}`, `{name}: ${said}`],
      [`{name} is ${state} already`, `{name}: schon ${said}`],
      [state, said],
    ];
  });
  const ofActions = Object.entries(actions).map(([action, said]) => [
    `cannot ${describeAct(action as VmAction, '{name}')}`,
    `„${said}“ geht jetzt nicht mit {name}`,
  ]);
  const ofRights = allVerbs.map((verb) => [
    `you lack the right ${verb}`,
    `Ihnen fehlt das Recht ${verb}`,
  ]);
  // Warnings stand in events as they were said to all.
  const ofFindings = Object.entries(findingTexts).flatMap(([code, { evidence }]) => {
    const said = germanFindings[code as FindingCode].evidence;
    return said === undefined || /^\{\w+\}$/.test(evidence) ? [] : [[evidence, said]];
  });
  const derived = Object.fromEntries([
    ...ofStates,
    ...ofActions,
    ...ofRights,
    ...ofFindings,
  ]) as Record<string, string>;
  return {
    ...germanOfEvents,
    ...germanOfDisks,
    ...germanOfFaults,
    ...germanOfParents,
    ...germanOfStarts,
    ...germanOfMoves,
    ...germanOfNetworks,
    ...hints,
    ...reasons,
    ...derived,
  };
}
