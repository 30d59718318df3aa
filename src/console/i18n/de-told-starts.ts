/** Deutsch: was gegen einen Start oder eine Platte spricht, und was hülfe, nach dem englischen Satz (phrases.ts). */
import type { Phrases } from './phrases.ts';

const hosts: Phrases = {
  'start the host first': 'zuerst den Dienst des Hosts starten',
  'the host is critically low on memory': 'dem Host fehlt es bedenklich an Speicher',
  'the host is critically low on disk': 'dem Host fehlt es bedenklich an Plattenplatz',
  'the host is critically low on processes': 'dem Host fehlt es bedenklich an Prozessen',
  'the host is critically low on file handles': 'dem Host fehlt es bedenklich an offenen Dateien',
  'free some, or choose another host': 'etwas freimachen, oder einen anderen Host wählen',
  'the vm wants {size} of memory, the host has {all}':
    'die VM will {size} Speicher, der Host hat {all}',
  'give the vm less memory': 'der VM weniger Speicher geben',
  'the vm needs {size} of memory with overhead, {free} are free':
    'die VM braucht mit allem {size} Speicher, frei sind {free}',
  'stop another vm or give this one less memory':
    'eine andere VM anhalten, oder dieser weniger Speicher geben',
  'the vm has {count} virtual processors, the host {processors}':
    'die VM hat {count} virtuelle Prozessoren, der Host {processors}',
  'choose fewer processors': 'weniger Prozessoren wählen',
  "{wanted} processors reserved for the vm and {reserved} for others are more than the host's {processors}":
    '{wanted} Prozessoren für die VM und {reserved} für andere zugesichert sind mehr als die {processors} des Hosts',
  'lower a reserve': 'eine Zusicherung senken',
  "{count} vms run already and the host's limit is {limit}":
    'es laufen schon {count} VMs, und die Grenze des Hosts ist {limit}',
  'stop another vm or raise the limit': 'eine andere VM anhalten, oder die Grenze heben',
  'UEFI firmware with a current guest needs {size} of memory, the vm has {has} and may hang before its guest starts':
    'UEFI-Firmware mit einem heutigen Gast braucht {size} Speicher, die VM hat {has} und hängt vielleicht, bevor ihr Gast startet',
  'give it {size} or more, or choose the firmware bios':
    'ihr {size} oder mehr geben, oder die Firmware BIOS wählen',
  '{name} uses at most {size} of memory': '{name} nutzt höchstens {size} Speicher',
  'host {name} is {why}': 'Host {name}: {why}',
  'service-stopped': 'Dienst angehalten',
  'agent-not-running': 'Agent läuft nicht',
  'hypervisor-not-installed': 'Hypervisor nicht installiert',
  'not-communicating': 'antwortet nicht',
  unreachable: 'nicht erreichbar',
  'the image {image} in a drive is not on host {host}':
    'das Image {image} in einem Laufwerk ist nicht auf dem Host {host}',
  'eject it, or build or add the image on this host':
    'es auswerfen, oder das Image auf diesem Host bauen oder hinzufügen',
  'host {host} is away: whether it has the account {account} is seen when it is back':
    'Host {host} ist weg: ob er das Konto {account} hat, zeigt sich, wenn er wieder da ist',
  'choose no account: the vm then has one of its own':
    'kein Konto wählen: die VM hat dann ein eigenes',
  'give something back there, or ask who manages the folder above it for more: gantry quota set {path} {option}':
    'dort etwas zurückgeben, oder wen bitten, der den Ordner darüber verwaltet',
  'look at it with: gantry host diagnose {name}': 'nach den Prüfungen des Hosts sehen',
  'folder {path} may have {limit}; it has {used}, and this is {more} more':
    'der Ordner {path} darf {limit} haben; er hat {used}, und dies sind {more} mehr',
};

const disks: Phrases = {
  'the disk {place}, {file}': 'die Platte {place}, {file}',
  '{what} is not there': '{what} ist nicht da',
  '{what} is write-protected': '{what} ist schreibgeschützt',
  'disk {place} ({file}) is being worked on': 'an der Platte {place} ({file}) wird gearbeitet',
  'it is a drive of the host': 'sie ist ein Laufwerk des Hosts',
  'another vm has its file, too': 'eine andere VM hat ihre Datei auch',
  'snapshots stand on its file': 'Sicherungspunkte stehen auf ihrer Datei',
  '{device} is another drive than the one that was attached: {why}':
    '{device} ist ein anderes Laufwerk als das, das angeschlossen wurde: {why}',
  'connect the drive that it was, or detach it and attach the one that is there':
    'das Laufwerk von vorher anschließen, oder es trennen und das vorhandene anschließen',
  'attach it read-only': 'es nur lesbar anschließen',
  'stop {name} first': 'zuerst {name} anhalten',
  'the host itself uses {device}: {why}': 'der Host selbst benutzt {device}: {why}',
  'unmount it, or take it out of what is made of it; see that with: lsblk':
    'es aushängen, oder aus dem nehmen, was daraus gemacht ist; zu sehen mit: lsblk',
  'put it back or detach it': 'sie zurücklegen oder trennen',
  'attach a differencing disk above it, or attach it as read-only':
    'eine differenzierende Platte darüber anschließen, oder sie nur lesbar anschließen',
  '{what} cannot be used: {why}': '{what} ist nicht zu gebrauchen: {why}',
  'restore it from a backup or detach it':
    'sie aus einer Sicherung wiederherstellen, oder sie trennen',
  '{what} is outside of the folders that vms may use':
    '{what} liegt außerhalb der Ordner, die VMs benutzen dürfen',
  "move it into the vm's folder, or add its folder to the host's search path":
    'in den Ordner der VM verschieben, oder ihren Ordner in den Suchpfad des Hosts aufnehmen',
  'the volume of {path} cannot be written': 'der Datenträger von {path} ist nicht beschreibbar',
  'mount it for writing, or attach its disks as read-only':
    'ihn beschreibbar einhängen, oder seine Platten nur lesbar anschließen',
  'the volume of {path} has {free} free, {needed} are needed':
    'der Datenträger von {path} hat {free} frei, nötig sind {needed}',
  'free space on that volume': 'auf diesem Datenträger Platz schaffen',
  '{what} is made from {parent}, which is a disk of {name}':
    '{what} baut auf {parent} auf, einer Platte von {name}',
  'make one disk of both: gantry disk flatten {path}; or attach the parent to {name} as read-only':
    'beide zu einer Platte machen, oder den Vorgänger an {name} nur lesbar anschließen',
  '{what} is in use by {user}': '{what} wird von {user} benutzt',
  'stop {user}, or mark the disk as shared in both':
    '{user} anhalten, oder die Platte in beiden als geteilt kennzeichnen',
  '{child} reads from it': '{child} liest daraus',
  'merge, rebase or delete it first':
    'sie zuerst zusammenführen, auf eine andere aufsetzen oder löschen',
  'a vm that runs writes to it': 'eine laufende VM schreibt darauf',
  'a vm uses it': 'eine VM benutzt sie',
  'a vm has it as a disk of its own': 'eine VM hat sie als eigene Platte',
  'wait for the operation that has it': 'auf den Vorgang warten, der sie hat',
  'the linked disk at {place} serves only for conversion':
    'die verknüpfte Platte an {place} dient nur zum Umwandeln',
  '{name} has a linked disk at {place}, which serves only for conversion':
    '{name} hat an {place} eine verknüpfte Platte, die nur zum Umwandeln dient',
  'convert it with: gantry vm convert-disk, or detach it': 'sie umwandeln, oder trennen',
  '{name} shares its disk at {place}, which other vms go on writing':
    '{name} teilt die Platte an {place}, die andere VMs weiter beschreiben',
  'shut it down, or pause it': 'fahren Sie sie herunter, oder halten Sie sie an',
  'the disks need {size}, {free} are free': 'die Platten brauchen {size}, frei sind {free}',
  'choose smaller disks, or free space on the host':
    'kleinere Platten wählen, oder auf dem Host Platz schaffen',
  '{needed} may be needed, {free} are free':
    'vielleicht werden {needed} gebraucht, frei sind {free}',
  'the undo disks of {name} were partly written into its disks already':
    'die Rückgängig-Platten von {name} wurden zum Teil schon in ihre Platten geschrieben',
  'the undo disks may take {why}': 'die Rückgängig-Platten können so groß werden: {why}',
  'up to {size}, {free} are free on {path}': 'bis zu {size}, frei sind {free} auf {path}',
  'free space, or commit or discard them before they have grown so large':
    'Platz schaffen, oder sie übernehmen oder verwerfen, bevor sie so groß sind',
};

const media: Phrases = {
  'there is no image {image} for the drive {place}':
    'für das Laufwerk {place} gibt es kein Image {image}',
  'eject it, or add the image to the host': 'es auswerfen, oder das Image zum Host hinzufügen',
  'the image {file} in the drive {place}': 'das Image {file} im Laufwerk {place}',
  'eject it or choose another image': 'es auswerfen, oder ein anderes Image wählen',
  '{what} has {size}, and the drive is one of 1.44 MB':
    '{what} hat {size}, und das Laufwerk ist eines für 1,44 MB',
  'use an image of 1.44 MB or 720 KB': 'ein Image von 1,44 MB oder 720 KB nehmen',
  '{what} is malformed: it has {size} bytes': '{what} ist beschädigt: die Größe ist {size} Bytes',
  'the account of the vm may not read {what}': 'das Konto der VM darf nicht lesen: {what}',
  'let others pass {folder} and read the image':
    'andere durch {folder} hindurch und das Image lesen lassen',
  '{what} is held for writing by {name}': '{what} wird von {name} beschrieben',
  'eject it from {name}, or insert it read-only':
    'es aus {name} auswerfen, oder nur lesbar einlegen',
  'the guest keeps {drive} locked': 'der Gast hält {drive} verriegelt',
  'the guest has locked it, and has not opened it after it was asked to':
    'der Gast hat es verriegelt und auf Bitten nicht geöffnet',
  'eject the medium in the guest; by force it is taken from programs that read it':
    'das Medium im Gast auswerfen; mit Gewalt wird es Programmen genommen, die es lesen',
};

const devices: Phrases = {
  'the device {path} of the host, for {device}, is not available':
    'das Gerät {path} des Hosts, für {device}, ist nicht da',
  'connect it, remove it from the vm, or start once without it':
    'es anschließen, aus der VM nehmen, oder einmal ohne es starten',
  'the device {path} of the host is used by {user}':
    'das Gerät {path} des Hosts wird von {user} benutzt',
  'stop {user}, or start once without the device':
    '{user} anhalten, oder einmal ohne das Gerät starten',
  'the account of the vm cannot pass through the folder {folder}':
    'das Konto der VM kommt nicht durch den Ordner {folder}',
  'let others pass: chmod o+x {folder}': 'andere hindurchlassen: chmod o+x {folder}',
  '{what} is in use': '{what} ist belegt',
  'choose another host port, or 0 for any free one':
    'einen anderen Port des Hosts wählen, oder 0 für irgendeinen freien',
  '{what} cannot be used ({problem})': '{what} ist nicht zu gebrauchen ({problem})',
  'choose another host port': 'einen anderen Port des Hosts wählen',
  'the boot file {file} of network adapter {slot}':
    'die Startdatei {file} des Netzwerkadapters {slot}',
  "add its folder to the host's search path": 'ihren Ordner in den Suchpfad des Hosts aufnehmen',
  '{what} lies with the files of the vm, which the guest could then read':
    '{what} liegt bei den Dateien der VM, die der Gast dann lesen könnte',
  'put it into a folder of its own: the guest may read all that is in it':
    'sie in einen eigenen Ordner legen: der Gast darf alles darin lesen',
  'put it back, or choose another boot file': 'sie zurücklegen, oder eine andere Startdatei wählen',
  'the shared folder {name} ({path})': 'der freigegebene Ordner {name} ({path})',
  'this QEMU shares no folders: it was built without virtio 9P':
    'dieses QEMU gibt keine Ordner frei: es wurde ohne virtio 9P gebaut',
  'remove the shared folders, or install a QEMU with virtfs':
    'die freigegebenen Ordner herausnehmen, oder ein QEMU mit virtfs installieren',
  'make the folder on the host, or remove it from the vm':
    'den Ordner auf dem Host anlegen, oder ihn aus der VM nehmen',
  '{what} is no folder of the host': '{what} ist kein Ordner des Hosts',
  'add it to the search path of the host': 'ihn in den Suchpfad des Hosts aufnehmen',
  '{what} has files of Gantry itself in it': '{what} enthält Dateien von Gantry selbst',
  'share another folder': 'einen anderen Ordner freigeben',
  '{path} and {other}, which {name} shares, are in one another and a guest may write there':
    '{path} und {other}, was {name} freigibt, liegen ineinander, und ein Gast darf dort schreiben',
  'share only one of them, or both read-only':
    'nur einen von beiden freigeben, oder beide nur lesbar',
  'there is no account {account} on this host': 'auf diesem Host gibt es kein Konto {account}',
  'the account {account} has the rights of an administrator: whoever breaks out has the host':
    'das Konto {account} hat die Rechte eines Administrators: wer ausbricht, hat den Host',
  'the agent does not run as root, so that there is no account with fewer rights':
    'der Agent läuft nicht als root, also gibt es kein Konto mit weniger Rechten',
};

const machine: Phrases = {
  'swtpm is not installed': 'swtpm ist nicht installiert',
  'no UEFI firmware (ovmf) is installed': 'keine UEFI-Firmware (ovmf) ist installiert',
  'install the package qemu-utils': 'das Paket qemu-utils installieren',
  'the vm wants kvm, which does not run the machine type {machine} on this host':
    'die VM will kvm, was auf diesem Host den Maschinentyp {machine} nicht ausführt',
  'set its acceleration to auto or tcg': 'ihre Beschleunigung auf auto oder tcg setzen',
  'the vm wants kvm, which does not work here: {why}':
    'die VM will kvm, was hier nicht geht: {why}',
  'the vm has a TPM and swtpm is not installed':
    'die VM hat ein TPM, und swtpm ist nicht installiert',
  'install the package swtpm, or remove the TPM':
    'das Paket swtpm installieren, oder das TPM entfernen',
  'install the package swtpm there': 'dort das Paket swtpm installieren',
  'the vm wants 3D acceleration, which this host does not have: {why}':
    'die VM will 3D-Beschleunigung, die dieser Host nicht hat: {why}',
  'turn it off: hardware.graphics.acceleration3d=false': 'sie in der Hardware der VM abschalten',
  'QEMU knows no processor model {model}': 'QEMU kennt kein Prozessormodell {model}',
  'choose host, or a model of the host': 'host wählen, oder ein Modell des Hosts',
  '{wanted} virtual processors are more than the {most} that {machine} can have':
    '{wanted} virtuelle Prozessoren sind mehr als die {most}, die {machine} haben kann',
  'the host has no {what} for the machine type {machine}':
    'dem Host fehlt für den Maschinentyp {machine}: {what}',
  'install the package qemu-efi-aarch64': 'das Paket qemu-efi-aarch64 installieren',
  'install the package ovmf, or choose the firmware bios':
    'das Paket ovmf installieren, oder die Firmware BIOS wählen',
  'UEFI firmware with secure boot': 'UEFI-Firmware mit Secure Boot',
  '{path} does not exist': '{path} gibt es nicht',
  'a test machine ran in {kvmMs} ms with kvm, and in {emulatedMs} ms emulated':
    'eine Probemaschine lief mit kvm in {kvmMs} ms und emuliert in {emulatedMs} ms',
  'this user may not open {path}': 'dieser Benutzer darf {path} nicht öffnen',
  'the accounts of vms may not open {path}': 'die Konten der VMs dürfen {path} nicht öffnen',
  'the saved state is not there': 'der gespeicherte Zustand ist nicht da',
  'discard it': 'ihn verwerfen',
  'the saved state {file} is not there': 'der gespeicherte Zustand {file} ist nicht da',
  'bring it back, or discard it': 'ihn wieder herbringen, oder ihn verwerfen',
  'discard the saved state': 'den gespeicherten Zustand verwerfen',
  'the saved state was made by another product or version: nothing tells what it belongs to':
    'der gespeicherte Zustand ist von einem anderen Produkt oder einer anderen Version: nichts sagt, wozu er gehört',
  'the saved state belongs to another vm': 'der gespeicherte Zustand gehört einer anderen VM',
  'the hardware of the vm has changed since its state was saved':
    'die Hardware der VM wurde geändert, seit ihr Zustand gespeichert wurde',
  'change it back, or {what}': 'sie zurückändern, oder {what}',
  'the state was saved on a machine {machine}, which QEMU {version} does not have':
    'der Zustand wurde auf einer Maschine {machine} gespeichert, die QEMU {version} nicht hat',
  'the state was saved under {acceleration}, which this host does not have':
    'der Zustand wurde unter {acceleration} gespeichert, was dieser Host nicht hat',
  'the processor of this host lacks {features}{more}, which the guest may use':
    'dem Prozessor dieses Hosts fehlt, was der Gast vielleicht benutzt: {features}{more}',
  'choose pcnet or e1000 to boot from the network':
    'zum Start über das Netzwerk pcnet oder e1000 wählen',
  'restore on another host, or {what}': 'auf einem anderen Host wiederherstellen, oder {what}',
  'restore on a host that has them, or {what}':
    'auf einem Host wiederherstellen, der sie hat, oder {what}',
};

const simulated: Phrases = {
  'a simulated machine has pictures of a screen, not a screen':
    'eine simulierte Maschine hat Bilder eines Bildschirms, keinen Bildschirm',
  'a simulated machine has no serial port':
    'eine simulierte Maschine hat keine serielle Schnittstelle',
  'a simulated machine has no TPM': 'eine simulierte Maschine hat kein TPM',
  'a simulated guest has no additions to update':
    'ein simulierter Gast hat keine Gasterweiterungen zum Aktualisieren',
  'a simulated machine draws nothing': 'eine simulierte Maschine zeichnet nichts',
  'a simulated machine has no files': 'eine simulierte Maschine hat keine Dateien',
  'a simulated host': 'ein simulierter Host',
};

export const germanOfStarts: Phrases = {
  ...hosts,
  ...disks,
  ...media,
  ...devices,
  ...machine,
  ...simulated,
};
