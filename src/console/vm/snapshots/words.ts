/** The words of snapshots and undo disks, which are asked for with their tab. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  snapshots: 'Snapshots',
  none: 'There are no snapshots. One keeps disks and hardware of a vm, and its memory if wanted, under a name, to go back to them.',
  limit: '{count} of at most {limit}',
  now: 'Now',
  nowAfter: 'goes on from {name}',
  takenBy: 'by {author}',
  take: 'Take snapshot',
  takeBody:
    'Disks, hardware settings, firmware variables and TPM are kept as they are now. Nothing is copied: the disks go on in new files.',
  memory: 'With memory: a revert goes on where the vm is now',
  quiesce: 'Quiesced: the guest agent flushes file systems and holds them for that moment',
  withMemory: 'with memory',
  quiesced: 'quiesced',
  disksOnly: 'Disks and hardware only, without the memory: the vm is off afterwards',
  revertEnds: 'What runs in the vm now ends.',
  revertGoesOn: 'It goes on with the memory of then.',
  description: 'Description',
  leaveOut: 'Leave out the shared disk {place}',
  leaveOutHint: 'A disk that is shared with other vms is in no snapshot.',
  replaceOldest: 'Then delete the oldest, {name}: there are as many as the vm may have',
  revert: 'Revert',
  revertBody: 'Disks and hardware become what they were at {time}.',
  revertLoses: 'What the disks have taken since {name} and the present hardware settings are lost.',
  revertLosesAll: 'What the disks hold at present and the present hardware settings are lost.',
  keepFirst: 'Keep the present before, as a snapshot',
  keepFirstName: 'Name of that snapshot',
  beforeRevert: 'before-{name}',
  files: 'Files inside',
  rename: 'Change name and description',
  delete: 'Delete snapshot',
  deleteBody:
    'The vm can no longer be taken back to it. The present and all other snapshots stay as they are.',
  deleteAfter: 'Taken after it, and staying: {names}.',
  deleteTime: 'Files that nothing else needs are written into each other, which can take a while.',
  undo: 'Undo disks',
  undoOff: 'What the guest writes goes into the disks at once.',
  undoNext: 'With the next start, what the guest writes goes to undo disks.',
  undoSince: 'Since {time}, what the guest writes goes to undo disks.',
  undoSize: 'They took {size} when the vm last went off.',
  undoOnTurnOff: 'When it goes off without a word about them: {decision}.',
  'decision.keep': 'keep them',
  'decision.commit': 'commit them',
  'decision.discard': 'discard them',
  undoSettings: 'Change this in the configuration',
  endSession: 'End the session',
  endWay: 'How the vm goes off',
  endDecision: 'What becomes of the undo disks',
  'end.keep': 'Keep',
  'end.commit': 'Commit',
  'end.discard': 'Discard',
  'endHint.keep': 'Decide later; the next start goes on with them.',
  'endHint.commit': 'What was written since the session began becomes part of the disks for good.',
  'endHint.discard': 'The disks are as before the session; what was written since is lost.',
} as const;
export type SnapshotTextKey = keyof typeof english;

const german: Readonly<Record<SnapshotTextKey, string>> = {
  snapshots: 'Sicherungspunkte',
  none: 'Es gibt keine Sicherungspunkte. Einer hält Platten und Hardware einer VM, auf Wunsch auch ihren Speicher, unter einem Namen fest, um dorthin zurückzukehren.',
  limit: '{count} von höchstens {limit}',
  now: 'Jetzt',
  nowAfter: 'folgt auf {name}',
  takenBy: 'von {author}',
  take: 'Sicherungspunkt anlegen',
  takeBody:
    'Platten, Hardware-Einstellungen, Firmware-Variablen und TPM werden festgehalten, wie sie jetzt sind. Nichts wird kopiert: Die Platten werden in neuen Dateien fortgeführt.',
  memory: 'Mit Speicher: Eine Rückkehr fährt dort fort, wo die VM jetzt ist',
  quiesce: 'Beruhigt: Der Gast schreibt seine Dateisysteme fest und hält sie für den Moment an',
  withMemory: 'mit Speicher',
  quiesced: 'beruhigt',
  disksOnly: 'Nur Platten und Hardware, ohne den Speicher: Die VM ist danach aus',
  revertEnds: 'Was jetzt in der VM läuft, endet.',
  revertGoesOn: 'Sie fährt mit dem Speicher von damals fort.',
  description: 'Beschreibung',
  leaveOut: 'Die gemeinsam genutzte Platte {place} auslassen',
  leaveOutHint: 'Eine Platte, die andere VMs mitbenutzen, ist in keinem Sicherungspunkt.',
  replaceOldest: 'Danach den ältesten löschen, {name}: Es sind so viele, wie die VM haben darf',
  revert: 'Zurückkehren',
  revertBody: 'Platten und Hardware werden, was sie am {time} waren.',
  revertLoses:
    'Was die Platten seit {name} aufgenommen haben und die jetzigen Hardware-Einstellungen gehen verloren.',
  revertLosesAll:
    'Was die Platten jetzt enthalten und die jetzigen Hardware-Einstellungen gehen verloren.',
  keepFirst: 'Den jetzigen Stand vorher als Sicherungspunkt behalten',
  keepFirstName: 'Name dieses Sicherungspunkts',
  beforeRevert: 'vor-{name}',
  files: 'Dateien darin',
  rename: 'Name und Beschreibung ändern',
  delete: 'Sicherungspunkt löschen',
  deleteBody:
    'Die VM kann nicht mehr dorthin zurückkehren. Der jetzige Stand und alle anderen Sicherungspunkte bleiben, wie sie sind.',
  deleteAfter: 'Danach angelegt und bleibend: {names}.',
  deleteTime:
    'Dateien, die sonst nichts mehr braucht, werden ineinander geschrieben; das kann eine Weile dauern.',
  undo: 'Rückgängig-Platten',
  undoOff: 'Was der Gast schreibt, kommt sofort auf die Platten.',
  undoNext: 'Ab dem nächsten Start kommt, was der Gast schreibt, auf Rückgängig-Platten.',
  undoSince: 'Seit {time} kommt, was der Gast schreibt, auf Rückgängig-Platten.',
  undoSize: 'Sie belegten {size}, als die VM zuletzt ausging.',
  undoOnTurnOff: 'Wenn sie ausgeht und niemand etwas dazu sagt: {decision}.',
  'decision.keep': 'behalten',
  'decision.commit': 'übernehmen',
  'decision.discard': 'verwerfen',
  undoSettings: 'In der Konfiguration ändern',
  endSession: 'Sitzung beenden',
  endWay: 'Wie die VM ausgeht',
  endDecision: 'Was aus den Rückgängig-Platten wird',
  'end.keep': 'Behalten',
  'end.commit': 'Übernehmen',
  'end.discard': 'Verwerfen',
  'endHint.keep': 'Später entscheiden; der nächste Start macht mit ihnen weiter.',
  'endHint.commit':
    'Was seit Beginn der Sitzung geschrieben wurde, wird endgültig Teil der Platten.',
  'endHint.discard':
    'Die Platten sind wie vor der Sitzung; was seither geschrieben wurde, geht verloren.',
};

export const snapshotLanguages = { of: 'snapshots', en: english, de: german };

export type SnapshotText = OwnText<SnapshotTextKey>;

export function useSnapshotText(): SnapshotText {
  return useOwnText<SnapshotTextKey>(snapshotLanguages);
}
