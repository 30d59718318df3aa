/** Deutsch: was der Server ablehnt und was dann hilft, nach dem englischen Satz (phrases.ts). */
import type { Phrases } from './phrases.ts';

const values: Phrases = {
  '{what} is wrong: {why}': '{what} stimmt nicht: {why}',
  'is empty': 'ist leer',
  'and {count} more': 'und {count} weitere',
  'is missing': 'fehlt',
  'must be {kind}, not {other}': 'muss {kind} sein, nicht {other}',
  'must be at most {amount}': 'darf höchstens {amount} sein',
  'must be less than {amount}': 'muss weniger als {amount} sein',
  'must be at least {amount}': 'muss mindestens {amount} sein',
  'must be more than {amount}': 'muss mehr als {amount} sein',
  'must be at most {count} characters': 'darf höchstens {count} Zeichen haben',
  'must be at least {count} characters': 'muss mindestens {count} Zeichen haben',
  'must be at most {count} entries': 'darf höchstens {count} Einträge haben',
  'must be at least {count} entries': 'muss mindestens {count} Einträge haben',
  'must be at least 1 character': 'muss mindestens 1 Zeichen haben',
  'must be at least 1 entry': 'muss mindestens 1 Eintrag haben',
  'must be one of: {values}': 'muss eins von diesen sein: {values}',
  'there is no {name} here': '{name} gibt es hier nicht',
  'is not an address of IPv4, 10.80.0.9': 'ist keine Adresse von IPv4 wie 10.80.0.9',
  'is not an address of IPv6, fd00:80::9': 'ist keine Adresse von IPv6 wie fd00:80::9',
  'is not a subnet of IPv4, 10.80.0.0/24': 'ist kein Subnetz von IPv4 wie 10.80.0.0/24',
  'is not a prefix of IPv6, fd00:80::/64': 'ist kein Präfix von IPv6 wie fd00:80::/64',
  'is not an id': 'ist keine Kennung',
  'is not a time, 2026-01-31T09:30:00Z': 'ist keine Zeit wie 2026-01-31T09:30:00Z',
  'the body': 'die Anfrage',
  'the query': 'die Anfrage',
  'the definition': 'die Definition',
  'the definition of {name}': 'die Definition von {name}',
  'the name {what}': 'der Name {what}',

  'is longer than {count} bytes': 'ist länger als {count} Bytes',
  'contains a control character, a slash or an invisible character':
    'enthält ein Steuerzeichen, einen Schrägstrich oder ein unsichtbares Zeichen',
  'begins or ends with a space': 'beginnt oder endet mit einem Leerzeichen',
  'begins with a dot or a hyphen': 'beginnt mit einem Punkt oder Bindestrich',
  'has the form of an id': 'sieht wie eine Kennung aus',
  'is not in Unicode normal form C': 'ist nicht in der Unicode-Normalform C',
  'the filter is wrong at character {at}: {why}':
    'der Filter stimmt beim Zeichen {at} nicht: {why}',
  'write for example: state = running AND name : web':
    'schreiben Sie zum Beispiel: state = running AND name : web',
  'a quote is not closed, or a character is out of place':
    'ein Anführungszeichen ist nicht geschlossen, oder ein Zeichen steht am falschen Platz',
  'more than {count} terms': 'mehr als {count} Terme',
  'too many negations': 'zu viele Verneinungen',
  'it ends where a term should be': 'er endet, wo ein Term stehen müsste',
  'a parenthesis is not closed': 'eine Klammer ist nicht geschlossen',
  '"{text}" is out of place': '„{text}“ steht am falschen Platz',
  'a value is missing after {field} {comparator}': 'nach {field} {comparator} fehlt ein Wert',
  '"{text}" is not a field': '„{text}“ ist kein Feld',
  'it is empty': 'er ist leer',
  '"{text}" is not a rate': '„{text}“ ist keine Bandbreite',
  '"{text}" is not a size': '„{text}“ ist keine Größe',
  'write bits per second with a unit, for example 100M or 1.5G':
    'schreiben Sie Bits pro Sekunde mit einer Einheit, zum Beispiel 100M oder 1.5G',
  'write a number with a unit, for example 512M or 20G':
    'schreiben Sie eine Zahl mit einer Einheit, zum Beispiel 512M oder 20G',
};

const names: Phrases = {
  'choose another name': 'wählen Sie einen anderen Namen',
  '{what} has changed since it was read': '{what} wurde geändert, seit es gelesen wurde',
  '{kind} {id} has changed since it was read': '{kind} {id} wurde geändert, seit es gelesen wurde',
  'read it again and repeat the change': 'lesen Sie es neu, und wiederholen Sie die Änderung',
  'others changed the same thing {count} times in a row':
    'andere änderten dasselbe {count} Mal hintereinander',
  'repeat the request': 'versuchen Sie es noch einmal',
  'this grant exists already': 'das ist schon gewährt',
  'role {name} is built in and stays as it is':
    'die Rolle {name} ist eingebaut und bleibt, wie sie ist',
  'create a role of your own': 'legen Sie eine eigene Rolle an',
  'role {name} is granted {count} times': 'die Rolle {name} ist {count} Mal gewährt',
  'profile {name} is built in and stays': 'das Hardwareprofil {name} ist eingebaut und bleibt',
  'user {name} has a token called {token} already': '{name} hat schon ein Token {token}',
  'choose another name, or revoke it first':
    'wählen Sie einen anderen Namen, oder widerrufen Sie es zuerst',
  '{vm} has a snapshot {name} already': '{vm} hat schon einen Sicherungspunkt {name}',
  '{name} has {count} snapshots and may have {limit}':
    '{name} hat {count} Sicherungspunkte und darf {limit} haben',
  'delete one, raise settings.snapshots.limit, or replace the oldest with --replace-oldest':
    'löschen Sie einen, heben Sie in den Einstellungen die Grenze, oder lassen Sie den ältesten ersetzen',
  '{name} has a shared folder {share} already':
    '{name} hat schon einen freigegebenen Ordner {share}',
  'choose another name, or remove that one first':
    'wählen Sie einen anderen Namen, oder entfernen Sie jenen zuerst',
  '{name} has 16 network adapters already': '{name} hat schon 16 Netzwerkadapter',
  'detach an adapter first': 'entfernen Sie zuerst einen Adapter',
  '{owner} has the MAC address {mac}, so {name} cannot have it':
    '{owner} hat die MAC-Adresse {mac}, also kann {name} sie nicht haben',
  'leave the address out to get a free one': 'lassen Sie die Adresse weg, dann gibt es eine freie',
  'there is no free place on the bus {bus}': 'am Bus {bus} ist kein Platz frei',
  'detach a disk, or choose another bus':
    'trennen Sie eine Platte, oder wählen Sie einen anderen Bus',
  'this hypervisor is connected already': 'dieser Hypervisor ist schon verbunden',
  'this hypervisor is connected already, as host {name}':
    'dieser Hypervisor ist schon verbunden, als Host {name}',
};

const people: Phrases = {
  'the user name or the password is wrong': 'Benutzername oder Passwort ist falsch',
  'the old password is wrong': 'das alte Passwort ist falsch',
  'the password {what}': 'das Passwort {what}',
  'has too few different characters': 'hat zu wenige verschiedene Zeichen',
  'is a repetition': 'ist eine Wiederholung',
  'is a row of the keyboard or the alphabet': 'ist eine Reihe der Tastatur oder des Alphabets',
  'is little more than a name or a common word':
    'ist wenig mehr als ein Name oder ein gewöhnliches Wort',
  'take four or five words that do not belong together':
    'nehmen Sie vier oder fünf Wörter, die nicht zusammengehören',
  'too many failed sign-ins': 'zu viele gescheiterte Anmeldungen',
  'try again in {count} s': 'versuchen Sie es in {count} s noch einmal',
  'too many people sign in at the same time': 'zu viele melden sich gleichzeitig an',
  'try again in a few seconds': 'versuchen Sie es in einigen Sekunden noch einmal',
  'the sign-in link is used, expired or unknown':
    'der Link zur Anmeldung ist benutzt, abgelaufen oder unbekannt',
  'make another one with: gantry user link': 'lassen Sie sich einen neuen machen',
  'this user signs in with a one-time code':
    'zur Anmeldung gehört ein Code der Authentifizierungs-App',
  'send the code of the authenticator app too': 'geben Sie auch den Code der App ein',
  'the one-time code is wrong or was used already': 'der Code ist falsch oder wurde schon benutzt',
  'passwords are not taken over a connection without TLS':
    'Passwörter werden über eine Verbindung ohne TLS nicht angenommen',
  'this user has to set up a second factor first':
    'zuerst muss ein zweiter Faktor eingerichtet werden',
  'the user was changed meanwhile': 'der Benutzer wurde inzwischen geändert',
  'the user is gone': 'den Benutzer gibt es nicht mehr',
  'no administrator would remain': 'es bliebe kein Administrator',
  'give another user the role administrator on the installation first':
    'gewähren Sie zuerst jemand anderem die Rolle Administrator auf die Installation',
  '{name} lacks the right {verb} on {what}': '{name} fehlt das Recht {verb}: {what}',
  '{name} lacks the right {verb}{place}': '{name} fehlt das Recht {verb}{place}',
  'ask an administrator for a role that has it':
    'bitten Sie einen Administrator um eine Rolle, die es hat',
  'ask an administrator': 'bitten Sie einen Administrator',
  '{what} has the right {verb}, which you do not have there':
    '{what} hat das Recht {verb}, das Sie dort nicht haben',
  'nobody has signed in': 'niemand ist angemeldet',
  'the session, token or certificate has ended':
    'die Sitzung, das Token oder Zertifikat ist abgelaufen',
  'the right to this was withdrawn': 'das Recht dazu wurde zurückgenommen',
  'this takes a proof of identity': 'dazu muss man angemeldet sein',
  'you may not cancel the operation {id} of somebody else':
    'Sie dürfen den Vorgang {id} eines anderen nicht abbrechen',
};

const reach: Phrases = {
  '{what} cannot be reached': 'nicht zu erreichen: {what}',
  'look whether it runs with: gantry status': 'sehen Sie nach, ob der Server läuft',
  'the server answered {status} without an explanation':
    'der Server antwortete mit {status}, ohne Erklärung',
  'host {name} is not connected': 'der Host {name} ist nicht verbunden',
  'look at it with: gantry host show {name}': 'sehen Sie auf der Seite des Hosts nach',
  'look at it with: gantry host show': 'sehen Sie auf der Seite des Hosts nach',
  'the service of host {name} is {status}': 'der Dienst des Hosts {name}: {status}',
  '{what}: no answer within {limit} ms': '{what}: keine Antwort in {limit} ms',
  '{what}: the connection was lost': '{what}: die Verbindung brach ab',
  'the coordinator does not serve yet': 'der Koordinator ist noch nicht so weit',
  'no way leads to a hypervisor on {address}': 'kein Weg führt zu einem Hypervisor an {address}',
  'host {host}: {why}': 'Host {host}: {why}',
};

const work: Phrases = {
  'copying {file}': '{file} wird kopiert',
  'copying files': 'Dateien werden kopiert',
  'writing {file}': '{file} wird geschrieben',
  'packing {file}': '{file} wird gepackt',
  'writing the state': 'der Zustand wird geschrieben',
  'keeping the memory': 'der Speicher wird festgehalten',
  'merging {file}': '{file} wird zusammengeführt',
  'committing {disk}': '{disk} wird übernommen',
  'filling disk {disk}': 'die Platte {disk} wird gefüllt',
  'compacting {file}': '{file} wird verkleinert',
  'making disk {file}': 'die Platte {file} wird angelegt',
  'installing in the guest': 'wird im Gast installiert',
  'memory and disks': 'Speicher und Platten',
  'disk {number} of {count}': 'Platte {number} von {count}',
  '{count} s after {name}': '{count} s nach {name}',
  'until the guest additions in {name} answer': 'bis die Gasterweiterungen in {name} antworten',
  'waiting for host {name}: {why}': 'es wird auf den Host {name} gewartet: {why}',
  'the work was cancelled': 'die Arbeit wurde abgebrochen',
  'the operation was cancelled': 'der Vorgang wurde abgebrochen',
  'cancelled by {name}': 'abgebrochen von {name}',
  'operation {id} ({action}) is {state} already': 'der Vorgang {id} ({action}) ist schon am Ende',
  'operation {id} ({action}) can no longer be cancelled':
    'der Vorgang {id} ({action}) lässt sich nicht mehr abbrechen',
  'wait for it with: gantry operation wait {id}': 'warten Sie, bis er fertig ist',
  '{kind} {name} is busy: {why}': '{name} ist beschäftigt: {why}',
  'vm {name} is being worked on': 'an der VM {name} wird gearbeitet',
  'wait for it': 'warten Sie darauf',
  'the folder {path} is not empty': 'der Ordner {path} ist nicht leer',
  'move what is in it somewhere else first': 'verschieben Sie zuerst woandershin, was darin ist',
  'the top folder stays as it is': 'der oberste Ordner bleibt, wie er ist',
  'folders are nested at most {count} deep': 'Ordner liegen höchstens {count} tief ineinander',
  'the folder {path} cannot lie in itself': 'der Ordner {path} kann nicht in sich selbst liegen',
  'host {name} carries {count} vms': 'der Host {name} trägt {count} VMs',
  'remove or delete its vms first': 'nehmen Sie seine VMs zuerst heraus, oder löschen Sie sie',
  'vm {name} is in a team': 'die VM {name} ist in einem Team',
  'take it out of it first': 'nehmen Sie sie zuerst heraus',
  'vm {name} is in {where} already': 'die VM {name} ist schon in einem Team: {where}',
  'vm {name} is named twice among the members': 'die VM {name} ist zweimal unter den Mitgliedern',
  'a vm is in one team at most; take it out of the other one first':
    'eine VM ist in höchstens einem Team; nehmen Sie sie zuerst aus dem anderen',
  'cannot {action} team {name}: it has no members': 'das Team {name} hat keine Mitglieder',
  'the image {image} is used by vm {name}': 'das Image {image} wird von der VM {name} benutzt',
  'eject it first': 'werfen Sie es zuerst aus',
  'detach the disk first': 'trennen Sie zuerst die Platte',
  'no host is ready to take an image': 'kein Host ist bereit, ein Image aufzunehmen',
  'several hosts could take the image': 'mehrere Hosts könnten das Image aufnehmen',
  'no host is ready to take a vm': 'kein Host ist bereit, eine VM aufzunehmen',
  'network {name} is in use by {adapters}': 'das Netzwerk {name} wird benutzt: {adapters}',
  'plug them into another network first, or delete it with --force':
    'stecken Sie sie zuerst an ein anderes Netzwerk, oder löschen Sie es mit Gewalt',
  'no free subnet was found': 'kein freies Subnetz gefunden',
  'no free MAC address was found': 'keine freie MAC-Adresse gefunden',
  'cannot switch DHCP on in network {name}: it is at {adapter}':
    'im Netzwerk {name} lässt sich DHCP nicht einschalten: es ist an {adapter}',
  '{name} is more than a quota allows': '{name} ist mehr, als ein Kontingent erlaubt',
  'cannot create {name}': '{name} lässt sich nicht anlegen',
  'cannot start {name}': '{name} lässt sich nicht starten',
  'cannot restore {name}': '{name} lässt sich nicht wiederherstellen',
  'cannot import {file}': '{file} lässt sich nicht importieren',
  'cannot export {name} for {product}': '{name} lässt sich nicht für {product} exportieren',
  'cannot plug in {name}': '{name} lässt sich nicht anschließen',
  'it must be said on which host {file} is': 'auf welchem Host ist {file}? Das muss gesagt sein',
  '{name} has no disk at {place}': '{name} hat keine Platte an {place}',
  '{name} has no drive {place}': '{name} hat kein Laufwerk {place}',
  '{name} is {status}, and its disk changes only while it is off':
    '{name}: {status}; ihre Platte ändert sich nur, während sie aus ist',
  'the disk {place} of {name} is shared': 'die Platte {place} von {name} ist geteilt',
  'undo disks of {name} are switched only while it is off':
    'Rückgängig-Platten von {name} werden nur geschaltet, während sie aus ist',
  'the serial numbers of {name} change only while it is off':
    'die Seriennummern von {name} ändern sich nur, während sie aus ist',
  'cannot let {name} run as root: whoever breaks out has the host':
    '{name} kann nicht als root laufen: wer ausbricht, hat den Host',
  'the disk would be smaller than the image {name} ({size} bytes)':
    'die Platte wäre kleiner als das Image {name} ({size} Bytes)',
  'leave the size out, or make it larger': 'lassen Sie die Größe weg, oder wählen Sie sie größer',
  'the disk {place} of {name} has {size}, and disks of vms only become larger':
    'die Platte {place} von {name} hat {size}, und Platten von VMs werden nur größer',
  'its disks are at: {places}': 'ihre Platten sind an: {places}',
  'its drives are: {places}': 'ihre Laufwerke sind: {places}',
  'turn the vm off first': 'schalten Sie die VM zuerst aus',
  "the coordinator's data volume is low on space: {why}":
    'dem Koordinator fehlt Platz für seine Daten: {why}',
  'the store is closed': 'der Speicher ist geschlossen',
  'unexpected failure': 'ein unerwarteter Fehler',
  'an unexpected failure': 'ein unerwarteter Fehler',
  "look for {id} in the coordinator's log": 'suchen Sie im Protokoll des Koordinators nach {id}',
  'its guest did not shut down within {count} s':
    'ihr Gast fuhr nicht innerhalb von {count} s herunter',
  'look at its screen, wait longer, or turn it off':
    'sehen Sie auf ihren Bildschirm, warten Sie länger, oder schalten Sie sie aus',
  'see what is wrong with it: gantry host disk':
    'sehen Sie nach, was ihr fehlt, unter den Platten des Hosts',
  'free space on the volume': 'schaffen Sie Platz auf dem Datenträger',
  'a simulated host has no files': 'ein simulierter Host hat keine Dateien',
  'a simulated guest has none': 'ein simulierter Gast hat das nicht',
};

const consoles: Phrases = {
  'this console is held by {names}': 'diese Konsole hat jemand für sich: {names}',
  'wait until it is free, or take it over with the right vm.supervise':
    'warten Sie, bis sie frei ist, oder übernehmen Sie sie mit dem Recht vm.supervise',
  'you are at this console view-only': 'Sie sehen an dieser Konsole nur zu',
  'only somebody in control of this console can': 'das kann nur, wer diese Konsole steuert',
  'only somebody in control decides about others': 'über andere entscheidet nur, wer steuert',
  '{name} may only look': '{name} darf nur zusehen',
  'you have no keyboard and mouse to hand over': 'Sie haben keine Tastatur und Maus zum Übergeben',
  'there are {count} links to this screen already':
    'zu diesem Bildschirm gibt es schon {count} Links',
  'revoke those that nobody needs': 'widerrufen Sie die, die niemand braucht',
  'this link has expired, was revoked, or is none':
    'dieser Link ist abgelaufen, widerrufen oder keiner',
  'ask whoever gave it to you for another one': 'bitten Sie um einen neuen, wo Sie ihn herhaben',
  '{count} recordings of this vm are kept already':
    'von dieser VM sind schon {count} Aufzeichnungen da',
  'delete those that nobody needs': 'löschen Sie die, die niemand braucht',
  '{console} is being recorded already': '{console} wird schon aufgezeichnet',
  'this recording has ended already': 'diese Aufzeichnung ist schon zu Ende',
  'this recording is still running': 'diese Aufzeichnung läuft noch',
  'stop it first': 'beenden Sie sie zuerst',
};

const kinds = {
  vm: 'eine VM',
  host: 'einen Host',
  image: 'ein Image',
  team: 'ein Team',
  network: 'ein Netzwerk',
  user: 'einen Benutzer',
  role: 'eine Rolle',
  token: 'ein Token',
  grant: 'eine Berechtigung',
  profile: 'ein Hardwareprofil',
};
/** Of a list of things by their names (src/coordinator/app/names.ts). */
const called = Object.fromEntries(
  Object.entries(kinds).flatMap(([kind, thing]) => [
    [`there is a ${kind} called {name} already`, `es gibt schon ${thing} {name}`],
    [`there is no ${kind} {name}`, `es gibt k${thing} {name}`],
    [`look at: gantry ${kind} list`, 'sehen Sie in der Liste nach'],
  ]),
) as Readonly<Record<string, string>>;

export const germanOfFaults: Phrases = {
  ...called,
  ...values,
  ...names,
  ...people,
  ...reach,
  ...work,
  ...consoles,
};
