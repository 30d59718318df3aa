/** Deutsch: was bei Platten, Sicherungspunkten und Dateien abgelehnt wird, nach dem englischen Satz (phrases.ts). */
import type { Phrases } from './phrases.ts';

const files: Phrases = {
  '{path} is outside of the folders that vms may use':
    '{path} liegt außerhalb der Ordner, die VMs benutzen dürfen',
  '{path} is there already': '{path} gibt es schon',
  'there is no configuration file {path}': 'es gibt keine Konfigurationsdatei {path}',
  'there is no disk {path}': 'es gibt keine Platte {path}',
  'there is no drive {device}': 'es gibt kein Laufwerk {device}',
  'there is no file {path}': 'es gibt keine Datei {path}',
  'there is no folder {path}': 'es gibt keinen Ordner {path}',
  'there is a file {path} already': 'es gibt schon eine Datei {path}',
  'there is a folder for {name} already': 'für {name} gibt es schon einen Ordner',
  'the drive {device} has no medium': 'im Laufwerk {device} ist kein Medium',
  'cannot delete {path}: {user} uses it':
    '{path} lässt sich nicht löschen: {user} benutzt die Datei',
  'cannot delete {path}: other disks are made from it':
    '{path} lässt sich nicht löschen: andere Platten bauen darauf auf',
  'cannot {verb} {path}: other disks are made from it':
    '{path}: das geht nicht ({verb}), denn andere Platten bauen darauf auf',
  '{path} is being worked on': 'an {path} wird gearbeitet',
  '{path} is no disk': '{path} ist keine Platte',
  '{path} lies in the folder of a vm': '{path} liegt im Ordner einer VM',
  '{folder} is the folder of a vm': '{folder} ist der Ordner einer VM',
  'make a new file of it': 'machen Sie eine neue Datei daraus',
  'there is no disk {file}': 'es gibt keine Platte {file}',
  'vm {name} is known already, from {file}': 'die VM {name} ist schon bekannt, aus {file}',
  'cannot import {file}: {path} is a disk of {user}':
    '{file} lässt sich nicht importieren: {path} ist eine Platte von {user}',
  'the volume of {path} is low on space: {why}':
    'auf dem Datenträger von {path} ist wenig Platz: {why}',
  'free space on the volume, or choose another folder':
    'schaffen Sie Platz auf dem Datenträger, oder wählen Sie einen anderen Ordner',
  'free space on the volume, or choose another':
    'schaffen Sie Platz auf dem Datenträger, oder wählen Sie einen anderen',
  'choose another name or another place': 'wählen Sie einen anderen Namen oder einen anderen Platz',
  'an image stays as it is': 'ein Image bleibt, wie es ist',
  'work on a copy of it': 'arbeiten Sie an einer Kopie',
  'name another disk': 'nennen Sie eine andere Platte',
  'turn off the vm that uses the disk first': 'schalten Sie zuerst die VM aus, die sie benutzt',
  'see which there are with: gantry host disks': 'sehen Sie unter den virtuellen Festplatten nach',
};

const uploads: Phrases = {
  'the upload is given up': 'das Hochladen wurde aufgegeben',
  'there is no such upload any more': 'dieses Hochladen gibt es nicht mehr',
  'begin it anew': 'beginnen Sie es neu',
  'begin anew': 'beginnen Sie neu',
  '{file} is there already': '{file} gibt es schon',
  '{file} is being sent already, with another content':
    '{file} wird schon hochgeladen, mit anderem Inhalt',
  'choose another name, or give the other upload up first':
    'wählen Sie einen anderen Namen, oder geben Sie das andere Hochladen zuerst auf',
  'what came for {file} is not what was to come':
    'was für {file} kam, ist nicht, was kommen sollte',
  'nothing of it was kept; send it anew': 'nichts davon wurde behalten; laden Sie es neu hoch',
  '{count} files are on their way to this host':
    'zu diesem Host sind schon {count} Dateien unterwegs',
  'finish or give up one of them first': 'beenden Sie zuerst eine davon, oder geben Sie sie auf',
  '{size} do not fit: {free} are free, {others} are for other uploads, {least} are kept':
    '{size} passen nicht: frei sind {free}, für anderes unterwegs {others}, zurückbehalten {least}',
  '{archive} is no archive that can be unpacked':
    '{archive} ist kein Archiv, das sich auspacken lässt',
  '{archive} cannot be unpacked': '{archive} lässt sich nicht auspacken',
  'the archive unpacks to more than {size}': 'das Archiv ist ausgepackt größer als {size}',
};

const snapshots: Phrases = {
  'there is no snapshot {name}': 'es gibt keinen Sicherungspunkt {name}',
  'linked clones stand on the disks of the template {name}: {clones}':
    'verknüpfte Klone stehen auf den Platten der Vorlage {name}: {clones}',
  'delete them first, or make them independent with: gantry vm flatten':
    'löschen Sie sie zuerst, oder machen Sie sie eigenständig',
  'the disk {place} of {name} is shared with other vms':
    'die Platte {place} von {name} ist mit anderen VMs geteilt',
  '{name} has no disk that a snapshot could keep':
    '{name} hat keine Platte, die ein Sicherungspunkt festhalten könnte',
  '{name} is off: it has no memory and no guest to ask':
    '{name} ist aus: kein Speicher, und kein Gast, der zu fragen wäre',
  'a snapshot is either with memory or quiesced':
    'ein Sicherungspunkt ist entweder mit Speicher oder mit beruhigtem Gast',
  'with memory nothing needs to be flushed: the guest goes on with all that it had':
    'mit Speicher muss nichts geschrieben werden: der Gast macht mit allem weiter, was er hatte',
  'the guest of {name} is paused and cannot flush its file systems':
    'der Gast von {name} ist angehalten und kann seine Dateisysteme nicht schreiben',
  'resume it first, or take the snapshot without quiescing':
    'setzen Sie sie zuerst fort, oder legen Sie ihn ohne beruhigten Gast an',
  'take the snapshot without memory and without quiescing':
    'legen Sie ihn ohne Speicher und ohne beruhigten Gast an',
  '{name} has undo disks': '{name} hat Rückgängig-Platten',
  '{vm} has undo disks': '{vm} hat Rückgängig-Platten',
  'commit or discard them first': 'übernehmen oder verwerfen Sie sie zuerst',
  'cannot {what} undo disks: {name} has none': '{name} hat keine Rückgängig-Platten',
  'the memory of the snapshot {name} does not fit: {why}':
    'der Speicher des Sicherungspunkts {name} passt nicht: {why}',
  'the volume of {folder} has too little space: {why}':
    'der Datenträger von {folder} hat zu wenig Platz: {why}',
  'cannot move {file} as {name} runs': '{file} lässt sich nicht verschieben, während {name} läuft',
  '{file} is a differencing disk': '{file} ist eine differenzierende Platte',
  'pause the vm and move the disk then, or shut the vm down first':
    'halten Sie die VM an und verschieben Sie die Platte dann, oder fahren Sie sie zuerst herunter',
  'the volume {volume} has too little space: {why}':
    'der Datenträger {volume} hat zu wenig Platz: {why}',
  'free space on that volume; or resume it with --force, until a write fails':
    'schaffen Sie dort Platz, oder setzen Sie sie mit Gewalt fort, bis ein Schreiben scheitert',
  'free space on that volume; the undo disks stay as they are':
    'schaffen Sie dort Platz; die Rückgängig-Platten bleiben, wie sie sind',
  'cannot save the state of {name}: it shares its disk at {place}, which other vms go on writing':
    'der Zustand von {name} lässt sich nicht speichern: die Platte an {place} beschreiben andere VMs weiter',
  'the disk {place} of {name} cannot be compacted: the vm is {status}':
    'die Platte {place} von {name} lässt sich nicht verkleinern: die VM ist: {status}',
  'a disk of {name} cannot be made larger: the vm is {status}':
    'eine Platte von {name} lässt sich nicht vergrößern: die VM ist: {status}',
  'cannot export {name}: the vm is {status}':
    '{name} lässt sich nicht exportieren: die VM ist: {status}',
  'the guest of {name} did not shut down within {count} s':
    'der Gast von {name} fuhr nicht innerhalb von {count} s herunter',
  'the process ended at once: {why}': 'der Prozess endete sofort: {why}',
  'the process of {name} has ended': 'der Prozess von {name} ist zu Ende',
  '{name} has {count} requests waiting': 'auf {name} warten schon {count} Anfragen',
  'try again later': 'versuchen Sie es später noch einmal',
  'try again in a moment': 'versuchen Sie es gleich noch einmal',
};

const adapters: Phrases = {
  'cannot use adapter {name} otherwise: {why}':
    'der Adapter {name} lässt sich nicht anders verwenden: {why}',
  'adapter {name} is used as before': 'der Adapter {name} dient wie vorher',
  'nothing is tried with adapter {name}': 'mit dem Adapter {name} wird nichts erprobt',
  'a change of adapter {adapter} waits to be confirmed':
    'eine Änderung des Adapters {adapter} wartet auf Bestätigung',
  'confirm it, or wait until it is undone':
    'bestätigen Sie sie, oder warten Sie, bis sie zurückgenommen ist',
  'what is not confirmed in time is undone: ask for it again':
    'was nicht rechtzeitig bestätigt ist, wird zurückgenommen: verlangen Sie es noch einmal',
  '{name} has no network adapter in slot {slot}':
    '{name} hat keinen Netzwerkadapter mit der Nummer {slot}',
  'network {network} has not leased {address} here':
    'das Netzwerk {network} hat {address} hier nicht vergeben',
};

const ofLibvirt: Phrases = {
  "libvirt's driver for {type} carries no {what}":
    'der Treiber von libvirt für {type} kann das nicht: {what}',
  screens: 'Bildschirme',
  'serial consoles': 'serielle Konsolen',
  'pictures of screens': 'Bilder von Bildschirmen',
  'vms that Gantry makes or deletes': 'VMs, die Gantry anlegt oder löscht',
  'changes of definitions': 'Änderungen von Definitionen',
  'changes of media': 'Wechsel von Medien',
  'changes of disks while a vm runs': 'Änderungen an Platten im Betrieb',
  'changes of adapters while a vm runs': 'Änderungen an Adaptern im Betrieb',
  'changes of processors while a vm runs': 'Änderungen an Prozessoren im Betrieb',
  'changes of memory while a vm runs': 'Änderungen am Speicher im Betrieb',
  'copies of vms': 'Kopien von VMs',
  'moves of vms to other hosts': 'Umzüge von VMs auf andere Hosts',
  'vms that Gantry runs itself': 'VMs, die Gantry selbst betreibt',
  'saved states of vms': 'gespeicherte Zustände von VMs',
  'power buttons': 'Netzschalter',
  'its hypervisor has no power button to press': 'ihr Hypervisor hat keinen Netzschalter',
  'the hypervisor closed the connection': 'der Hypervisor schloss die Verbindung',
  '{name} does not answer': '{name} antwortet nicht',
  'it has no screen': 'sie hat keinen Bildschirm',
  'its screen listens nowhere': 'ihr Bildschirm hört nirgends',
  'something else is being done with {name}': 'mit {name} geschieht gerade etwas anderes',
};

export const germanOfDisks: Phrases = {
  ...files,
  ...uploads,
  ...snapshots,
  ...adapters,
  ...ofLibvirt,
};
