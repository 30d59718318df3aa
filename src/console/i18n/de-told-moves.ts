/** Deutsch: was gegen Umzüge, Übernahmen, Importe und Exporte spricht, nach dem englischen Satz (phrases.ts). */
import type { Phrases } from './phrases.ts';

const moves: Phrases = {
  '{name} is being moved to host {host}': '{name} zieht gerade auf den Host {host} um',
  'wait for the operation that moves it, or cancel it':
    'warten Sie auf den Vorgang, der sie umzieht, oder brechen Sie ihn ab',
  'cannot move {name} to host {host}': '{name} lässt sich nicht auf den Host {host} verschieben',
  '{name} goes on working while it moves, and stands still for a moment at the end; {size} of files and up to {memory} of memory are sent':
    '{name} arbeitet während des Umzugs weiter und steht am Ende einen Moment lang still; gesendet werden {size} an Dateien und bis zu {memory} Arbeitsspeicher',
  '{name} is paused, and is paused there, too; {size} of files and up to {memory} of memory are sent':
    '{name} ist angehalten, auch danach; gesendet werden {size} an Dateien und bis zu {memory} Arbeitsspeicher',
  'host {host} has lost what had come of {name}':
    'der Host {host} hat verloren, was von {name} angekommen war',
  'look at the log of its agent, then move it again':
    'das Protokoll seines Agenten ansehen, dann erneut umziehen',
  '{name} does not run: its files go as fast as they can':
    '{name} läuft nicht: ihre Dateien gehen so schnell, wie sie können',
  'the disk {place} is in the format {format}, which does not go along while the guest works':
    'die Platte {place} hat das Format {format}, das nicht umzieht, während der Gast arbeitet',
  'serial port {number} writes to the file {file}':
    'die serielle Schnittstelle {number} schreibt in die Datei {file}',
  'save its state and move it then: gantry vm save {name}':
    'ihren Zustand speichern und sie dann umziehen',
  'the guest runs on a machine {machine}, which QEMU {version} there does not have':
    'der Gast läuft auf einer Maschine {machine}, die QEMU {version} dort nicht hat',
  'the guest runs under {accelerator}, which that host does not have':
    'der Gast läuft unter {accelerator}, und das hat jener Host nicht',
  'the processor of that host lacks {features}{more}, which the guest may use':
    'dem Prozessor jenes Hosts fehlt, was der Gast benutzen mag: {features}{more}',
  'host {name} is simulated, and keeps no content of disks':
    'der Host {name} ist simuliert und hält keinen Inhalt von Platten',
  'host {host} is simulated: the disks of {name} have no content':
    'der Host {host} ist simuliert: die Platten von {name} haben keinen Inhalt',
  'choose a host of the same kind': 'einen Host derselben Art wählen',
  'the shared folder {share} is {path} of its host':
    'der freigegebene Ordner {share} ist {path} ihres Hosts',
  'the disk {place} is the drive {file} of its host':
    'die Platte {place} ist das Laufwerk {file} ihres Hosts',
  'the disk {place} is a raw device, the drive {file} of its host':
    'die Platte {place} ist ein rohes Gerät, das Laufwerk {file} ihres Hosts',
  'other vms write the disk {place}, too': 'andere VMs beschreiben die Platte {place} auch',
  'in the drive {place} is {what}, which host {name} does not have':
    'im Laufwerk {place} ist etwas, das der Host {name} nicht hat: {what}',
  'the image {name}': 'das Image {name}',
  'the file {file}': 'die Datei {file}',
  'the drive {device}': 'das Laufwerk {device}',
  'serial port {number}': 'die serielle Schnittstelle {number}',
  'the parallel port': 'die parallele Schnittstelle',
  '{what} leads to {at} of its host': '{what} führt zu {at} ihres Hosts',
  'there is a vm {name} of the same UUID on host {host}':
    'auf dem Host {host} gibt es eine VM {name} mit derselben UUID',
  'remove that one first': 'die zuerst herausnehmen',
  'the files take up {size}, and {free} are free on {name}':
    'die Dateien belegen {size}, und auf {name} sind {free} frei',
  'free space there, or choose a folder on another volume':
    'dort Platz schaffen, oder einen Ordner auf einem anderen Datenträger wählen',
  '{name} has its files in the same folder, {folder}':
    '{name} hat ihre Dateien im selben Ordner, {folder}',
  '{user} uses {file}, a file of {name}': '{user} benutzt {file}, eine Datei von {name}',
  '{source} holds only what differs from {parent}, which stays on this host':
    '{source} enthält nur, was sich von {parent} unterscheidet, und das bleibt auf diesem Host',
  'name the parent by its place in the folder: gantry disk rebase':
    'den Vorgänger nach seinem Platz im Ordner benennen, unter den Platten des Hosts',
  'make one disk of both: gantry disk flatten {path}': 'beide zu einer Platte machen',
  'take in what it holds: gantry vm flatten {name}':
    'aufnehmen, was er enthält, mit: gantry vm flatten {name}',
  "the disk {place} lies outside of the vm's folder, and snapshots or undo disks know it by its place":
    'die Platte {place} liegt außerhalb des Ordners der VM, und Sicherungspunkte oder Rückgängig-Platten kennen sie nach ihrem Platz',
  "the disk {place} lies outside of the vm's folder, at {path}":
    'die Platte {place} liegt außerhalb des Ordners der VM, an {path}',
  "bring it into the vm's folder: gantry vm move-disk {name} {place}":
    'sie in den Ordner der VM bringen',
  '{path} is deleted': '{path} wird gelöscht',
  '{path} is kept: {why}': '{path} bleibt: {why}',
  '{user} uses it': '{user} benutzt es',
  'ports of the host that lead to {name} are chosen anew for the copy: {ports}':
    'Ports des Hosts, die zu {name} führen, werden für die Kopie neu gewählt: {ports}',
  'nobody said that the guest of {name} was generalised: the clone has its {what} as well':
    'niemand sagte, dass der Gast von {name} verallgemeinert wurde: der Klon hat von ihm auch {what}',
  '{file} has an installed system: a vm that runs from it, or from another copy of it, has the same {what}':
    '{file} hat ein installiertes System: eine VM, die davon oder von einer Kopie läuft, hat davon auch {what}',
  'host name, machine id or SID, SSH host keys and fixed addresses':
    'Name, Maschinenkennung oder SID, SSH-Hostschlüssel und feste Adressen',
  'change them in the clone before it joins the network; or generalise the guest of the source first ({how}), shut it down and clone it with --generalised':
    'sie im Klon ändern, bevor er ans Netz geht; oder zuerst den Gast des Vorbilds verallgemeinern ({how}), herunterfahren und als verallgemeinert klonen',
  'run one of them only, or generalise the guest in one of them first ({how})':
    'nur eine davon laufen lassen, oder zuerst den Gast in einer verallgemeinern ({how})',
};

const hardware: Phrases = {
  '{name} has no sound device, the vm has {sound}':
    '{name} hat kein Klanggerät, die VM hat {sound}',
  'remove the sound device: hardware.sound=none': 'das Klanggerät entfernen',
  'the guest of {name} may not boot: {why}': 'der Gast von {name} startet vielleicht nicht: {why}',
  'install the drivers in the guest first; to go back, set the old value again':
    'zuerst im Gast die Treiber installieren; zurück geht es mit dem alten Wert',
  'the machine type changes from {from} to {to}': 'der Maschinentyp wechselt von {from} zu {to}',
  'the firmware changes from {from} to {to}': 'die Firmware wechselt von {from} zu {to}',
  'the disk {file} moves to the bus {bus}': 'die Platte {file} kommt an den Bus {bus}',
  'the SCSI controller changes from {from} to {to}':
    'der SCSI-Controller wechselt von {from} zu {to}',
  'keep the controller, and put new disks on another bus beside it':
    'den Controller behalten und neue Platten an einen anderen Bus daneben stecken',
  'network adapter {slot} changes from {from} to {to}':
    'der Netzwerkadapter {slot} wechselt von {from} zu {to}',
  'recommended: profile {profile}, disks on {bus}, network adapter {adapter}':
    'empfohlen: Profil {profile}, Platten an {bus}, Netzwerkadapter {adapter}',
  'attach the disk on {bus}': 'die Platte an {bus} anschließen',
  'spread what it holds over smaller disks': 'ihren Inhalt auf kleinere Platten verteilen',
  'the vm has {count} CD drives ({places}); other products take one':
    'die VM hat {count} CD-Laufwerke ({places}); andere Produkte nehmen eines',
  'keep the one at {place}': 'das an {place} behalten',
  'the CD drive is at {place}; other products look for it at {other}':
    'das CD-Laufwerk ist an {place}; andere Produkte suchen es an {other}',
  'put it at {place}, the first position of the secondary channel':
    'es an {place} anschließen, den ersten Platz am zweiten Kanal',
};

const imports: Phrases = {
  'it is no address of an adapter; it has a new one':
    'das ist keine Adresse eines Adapters; er hat eine neue',
  'another adapter of the vm has it; it has a new one':
    'ein anderer Adapter der VM hat sie; er hat eine neue',
  'the address was made by the other product, and the vm is a copy; it has a new one':
    'die Adresse hat das andere Produkt vergeben, und die VM ist eine Kopie; er hat eine neue',
  '{owner} has it too; only one of them runs on a network':
    '{owner} hat sie auch; nur eine von beiden läuft an einem Netzwerk',
  '{owner} has it; it has a new one': '{owner} hat sie; er hat eine neue',
  'there is no such network adapter; it becomes {model}':
    'so einen Netzwerkadapter gibt es hier nicht; er wird zu {model}',
  'adapter {slot} has the MAC address {mac}, which {owner} has':
    'der Adapter {slot} hat die MAC-Adresse {mac}, die {owner} hat',
  'adapters {slots}: left out, since adapter {first} is in {what}':
    'Adapter {slots}: weggelassen, denn Adapter {first} ist schon dort: {what}',
  'adapters {first}, {slots} are all in {what}: guests seldom expect that, and answer by any of them':
    'die Adapter {first}, {slots} sind alle dort: {what}; Gäste rechnen selten damit und antworten über irgendeinen',
  'adapter {slot} is in {what} instead': 'Adapter {slot} ist stattdessen dort: {what}',
  'the user-mode network': 'das Netzwerk im User-Modus',
  'no network': 'kein Netzwerk',
  'network {name}': 'Netzwerk {name}',
  'name another network: --network, or --map': 'ein anderes Netzwerk wählen',
  'give it one by hand: gantry vm set-adapter': 'ihm in den Einstellungen eine geben',
  'change it after the import: gantry vm set': 'es nach dem Import in den Einstellungen ändern',
  'do without it in the guest, or leave what needs it there':
    'im Gast darauf verzichten, oder das, was es braucht, dort lassen',
  'set it up anew after the import where the guest needs it':
    'es nach dem Import neu einrichten, wo der Gast es braucht',
  'the package is signed by {name}, whom no authority that the host knows vouches for':
    'das Paket ist von {name} signiert, für den keine Stelle bürgt, die der Host kennt',
  'compare the fingerprint of the certificate with what its maker publishes: {fingerprint}':
    'den Fingerabdruck des Zertifikats mit dem vergleichen, was der Hersteller veröffentlicht: {fingerprint}',
  'undo disks hold changes: {disks}': 'Rückgängig-Platten enthalten Änderungen: {disks}',
  'choose: --undo commit (take them over), discard (leave them out) or snapshot (take them over above a snapshot without them)':
    'wählen, was aus ihnen wird: übernommen, weggelassen oder als Sicherungspunkt übernommen',
  'resume and shut the vm down there, or import without it: --saved-state discard':
    'die VM dort fortsetzen und herunterfahren, oder ohne ihn importieren',
  'keep one of them (adapters: first-of-network), or name a network for each':
    'einen davon behalten, oder für jeden ein Netzwerk wählen',
  'choose: --taken-addresses keep, or new': 'wählen, ob sie bleibt oder neu vergeben wird',
  'name a port of this host: gantry vm set, hardware.parallelPort':
    'eine Schnittstelle dieses Hosts wählen, in der Hardware der VM',
  'to see it before: gantry host unpack {name} {file}':
    'um es vorher zu sehen, das Archiv auf dem Host auspacken',
  'look at it with: gantry disk check': 'die Platte prüfen lassen',
  'the vm is a copy': 'die VM ist eine Kopie',
  'another vm has it': 'eine andere VM hat sie',
  'UUID {uuid}: {why}; it has a new one': 'UUID {uuid}: {why}; sie hat eine neue',
  'delete the other vm, and import again': 'die andere VM löschen und noch einmal importieren',
  'what becomes of the vm in {file} is known when it is unpacked':
    'was aus der VM in {file} wird, ist bekannt, wenn das Archiv ausgepackt ist',
  'resume and shut the vm down there': 'die VM dort fortsetzen und herunterfahren',
  'the disk {file}, {named}, is not on this host':
    'die Platte {file}, {named}, ist nicht auf diesem Host',
  'put it beside the configuration, into {folder}':
    'sie neben die Konfiguration legen, in {folder}',
  'put it into {folder}': 'sie in {folder} legen',
  'put it into {folder}, or delete the snapshot there':
    'sie in {folder} legen, oder den Sicherungspunkt dort löschen',
  'put the parent that the disk was made from in its place':
    'den Vorgänger, aus dem die Platte gemacht wurde, an seinen Platz legen',
  '{path} is locked: the other product has the vm running':
    '{path} ist gesperrt: im anderen Produkt läuft die VM',
  'shut it down there; if it is not running anywhere, remove {path}':
    'sie dort herunterfahren; läuft sie nirgends, {path} entfernen',
  '{named} is not among the files of {file}, so nobody knows whether it is the one that was packed':
    '{named} steht nicht unter den Dateien von {file}, also weiß niemand, ob es die gepackte ist',
  'remove {file} if you trust all files of the package':
    '{file} entfernen, wenn Sie allen Dateien des Pakets trauen',
  'copy or download the package again': 'das Paket noch einmal kopieren oder herunterladen',
};

const exports: Phrases = {
  '{name} is saved: {why}': '{name} ist gespeichert: {why}',
  '{name} has at most {most} {what}, the vm has {has}':
    '{name} hat höchstens {most} {what}, die VM hat {has}',
  '{name} has no UEFI, from which the guest boots':
    '{name} hat kein UEFI, von dem der Gast startet',
  'make the guest boot from a BIOS first': 'den Gast zuerst von einem BIOS starten lassen',
  '{name} has no BIOS, from which the guest boots':
    '{name} hat kein BIOS, von dem der Gast startet',
  'make the guest boot from UEFI first': 'den Gast zuerst von UEFI starten lassen',
  'the disk {place} is a drive of the host': 'die Platte {place} ist ein Laufwerk des Hosts',
  '{name} has no place {place}, so the disk would be ignored: {why}':
    '{name} hat keinen Platz {place}, die Platte bliebe also unbeachtet: {why}',
  'there is no free IDE position: take a disk or drive out':
    'es gibt keinen freien IDE-Platz: eine Platte oder ein Laufwerk herausnehmen',
  'put it on IDE; or let the export do that where the guest has the driver (--move-to-ide)':
    'sie an IDE anschließen; oder das dem Export überlassen, wo der Gast den Treiber hat',
  '{name} takes at most {most} on {bus}, the disk {place} has {size}':
    '{name} nimmt an {bus} höchstens {most}, die Platte {place} hat {size}',
  '{name} demands exactly one CD drive, at {place}; the vm has {has}':
    '{name} verlangt genau ein CD-Laufwerk, an {place}; die VM hat {has}',
  'have one CD drive, at {place}, the first position of the secondary channel':
    'ein CD-Laufwerk haben, an {place}, dem ersten Platz am zweiten Kanal',
  '{name} has no place {place} for a CD drive, and no IDE position is free':
    '{name} hat keinen Platz {place} für ein CD-Laufwerk, und kein IDE-Platz ist frei',
  '{why}; or export it without: --saved-state discard': '{why}; oder sie ohne ihn exportieren',
  'convert it first: gantry vm convert-disk': 'sie zuerst umwandeln',
  'take a disk or drive out': 'eine Platte oder ein Laufwerk herausnehmen',
  'shut it down: gantry vm shutdown {name}': 'sie herunterfahren',
};

const handovers: Phrases = {
  "it is a vm of Gantry's own already": 'sie ist schon eine VM von Gantry selbst',
  'cannot adopt {name}': '{name} lässt sich nicht übernehmen',
  'cannot adopt {name} on host {host}': '{name} lässt sich nicht auf dem Host {host} übernehmen',
  'cannot give {name} back to host {host}': '{name} lässt sich dem Host {host} nicht zurückgeben',
  '{what}: Gantry has no word for it; the guest does without it until it is given back':
    '{what}: dafür hat Gantry kein Wort; der Gast muss ohne auskommen, bis er zurückgegeben wird',
  '{name} has snapshots of Gantry, which its hypervisor does not know':
    '{name} hat Sicherungspunkte von Gantry, die ihr Hypervisor nicht kennt',
  '{name} has undo disks, which its hypervisor does not know':
    '{name} hat Rückgängig-Platten, die ihr Hypervisor nicht kennt',
  'no host with an agent sees the disks of {name}':
    'kein Host mit Agent sieht die Platten von {name}',
  'host {host} does not see the disk {file}': 'der Host {host} sieht die Platte {file} nicht',
  'the disk {file} of host {host} is another file':
    'die Platte {file} des Hosts {host} ist eine andere Datei',
  'name the host that sees the same files: --host': 'den Host wählen, der dieselben Dateien sieht',
  'host {name} runs no vm with a TPM: {why}': 'der Host {name} führt keine VM mit TPM aus: {why}',
  'the disk {file} lies in the folder of {name}, which goes with it':
    'die Platte {file} liegt im Ordner von {name}, der mitgeht',
  'move it into the folder of a storage pool: gantry vm move-disk {name} PLACE --path FOLDER':
    'sie in den Ordner eines Speicherpools verschieben',
  'adapter {slot} is in {there}, not in {name} of its hypervisor':
    'Adapter {slot} ist in {there}, nicht in {name} ihres Hypervisors',
  "name the network that it is here: --map '{name}=NETWORK'":
    'das Netzwerk wählen, das es hier ist',
  'host {name}: {why}': 'Host {name}: {why}',
  'host {name} has a vm of its UUID already': 'der Host {name} hat schon eine VM mit ihrer UUID',
  'join that computer with an agent: gantry host join':
    'diesen Computer mit einem eigenen Agenten aufnehmen',
  'its hypervisor does not tell which firmware {name} has':
    'ihr Hypervisor sagt nicht, welche Firmware {name} hat',
  'make one there: virsh pool-create-as NAME dir --target {folder}':
    'dort einen anlegen: virsh pool-create-as NAME dir --target {folder}',
  'undefine that one: virsh undefine {name}': 'deren Definition löschen: virsh undefine {name}',
  'rename that one: virsh domrename': 'jene umbenennen: virsh domrename',
  'make a pool of its folder there, or refresh it: virsh pool-create-as NAME dir --target {folder}':
    'dort einen Pool aus ihrem Ordner machen, oder ihn neu einlesen: virsh pool-create-as NAME dir --target {folder}',
  'undefine that one, if it is not wanted': 'deren Definition löschen, wenn sie niemand braucht',
  '{name} is saved, and its state stays on its host':
    '{name} ist gespeichert, und ihr Zustand bleibt auf ihrem Host',
  '{name} has snapshots, which libvirt leaves behind':
    '{name} hat Sicherungspunkte, die libvirt zurücklässt',
  '{name} is off, and libvirt copies disks of vms that run':
    '{name} ist aus, und libvirt kopiert Platten von VMs, die laufen',
  'start it first, or put its disks on storage that both hosts have (--disks shared)':
    'sie zuerst starten, oder ihre Platten auf Speicher legen, den beide Hosts haben, und sie als geteilt angeben',
  'host {name} has a file in the place of {what}':
    'der Host {name} hat dort schon eine Datei: {what}',
  'say --disks shared if it is the same file, else take that one away':
    'die Platten als geteilt angeben, wenn es dieselbe Datei ist; sonst jene wegnehmen',
  'host {name} has no storage pool for {what}':
    'der Host {name} hat keinen Speicherpool dafür: {what}',
  'host {name} does not have {what}': 'der Host {name} hat nicht: {what}',
  'say --disks copy, or refresh the pool there: virsh pool-refresh':
    'die Platten kopieren lassen, oder dort den Pool neu einlesen: virsh pool-refresh',
  '{name} has the UUID {uuid} on its hypervisor': '{name} hat auf ihrem Hypervisor die UUID {uuid}',
  'leave the UUID out to make a new vm': 'die UUID weglassen, damit eine neue VM entsteht',
  '{setting} is {value} there: libvirt has no word for what was wanted':
    '{setting} ist dort {value}: für das Gewünschte hat libvirt kein Wort',
  '{name} has no definition on its hypervisor, to which it could be given back':
    '{name} hat auf ihrem Hypervisor keine Definition, zu der sie zurückkönnte',
  'define it there first, with virsh define': 'sie dort zuerst definieren, mit virsh define',
  "{name} has snapshots, which are its hypervisor's":
    '{name} hat Sicherungspunkte, die ihrem Hypervisor gehören',
  '{name} of the same hypervisor has the disk {file}, too':
    '{name} desselben Hypervisors hat die Platte {file} auch',
  'take it from one of both first': 'sie zuerst einer von beiden wegnehmen',
  'its hypervisor has a vm of its UUID again': 'ihr Hypervisor hat wieder eine VM mit ihrer UUID',
  'its hypervisor has another vm {name}': 'ihr Hypervisor hat eine andere VM {name}',
  '{what} is no file of a storage pool of its hypervisor, which could tell which one it is':
    '{what} ist keine Datei eines Speicherpools ihres Hypervisors, der sagen könnte, welche es ist',
  'leave it on its hypervisor': 'sie auf ihrem Hypervisor lassen',
  'start it once on its hypervisor, and turn it off again':
    'sie auf ihrem Hypervisor einmal starten und wieder ausschalten',
  'libvirt starts a vm only as it is defined':
    'libvirt startet eine VM nur so, wie sie definiert ist',
  'libvirt cannot hold a vm before its first instruction':
    'libvirt kann eine VM nicht vor ihrem ersten Befehl festhalten',
  "Gantry's guest additions are not installed over libvirt connections":
    'über Verbindungen zu libvirt werden keine Gasterweiterungen von Gantry installiert',
  'libvirt knows no undo disks': 'libvirt kennt keine Rückgängig-Platten',
  'networks of Gantry are carried by hosts with an agent':
    'Netzwerke von Gantry tragen Hosts mit einem Agenten',
  'images and files of hosts are the matter of hosts with an agent':
    'Images und Dateien von Hosts gibt es nur bei Hosts mit einem Agenten',
};

export const germanOfMoves: Phrases = {
  ...moves,
  ...hardware,
  ...imports,
  ...exports,
  ...handovers,
};
