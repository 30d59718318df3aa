/** Deutsch: was geschehen ist. The places are those of the catalogue (src/api/event/catalogue.ts). */
import type { EventName } from '#api';
import type { EventWords } from './en-events.ts';

const setting = 'wurde von {oldValue} auf {newValue} geändert';

const ofVms = {
  'vm.created': 'Die virtuelle Maschine {target} wurde angelegt',
  'vm.deleted': 'Die virtuelle Maschine {target} wurde {how}',
  'vm.renamed': 'Die virtuelle Maschine {oldName} heißt jetzt {target}',
  'vm.moved':
    'Die virtuelle Maschine {target} kam vom Ordner {oldFolder} in den Ordner {newFolder}',
  'vm.files.moved': 'Dateien von {target} wurden von {oldPath} nach {newPath} verschoben',
  'vm.migration.started':
    'Die virtuelle Maschine {target} zieht vom Host {from} auf den Host {to} um',
  'vm.migration.completed':
    'Die virtuelle Maschine {target} ist in {durationSeconds} s vom Host {from} auf den Host {to} umgezogen',
  'vm.migration.failed':
    'Die virtuelle Maschine {target} konnte nicht vom Host {from} auf den Host {to} umziehen: {reason}',
  'vm.adopted':
    'Die virtuelle Maschine {target} des Hypervisors {from} wird jetzt von Gantry auf dem Host {to} betrieben',
  'vm.given-back':
    'Die virtuelle Maschine {target} des Hosts {from} wurde dem Hypervisor {to} zurückgegeben',
  'vm.setting.changed': `Die Einstellung {path} von {target} ${setting}`,
  'vm.resource.cpu': 'Prozessorleistung von {target}: {path} ' + setting,
  'vm.resource.memory':
    'Der Speicher von {target} wurde von {oldValue} auf {newValue} Bytes geändert',
  'vm.state.powered-on': 'Die virtuelle Maschine {target} wurde eingeschaltet',
  'vm.state.powered-off': 'Die virtuelle Maschine {target} ist aus: {cause}',
  'vm.state.reset': 'Die virtuelle Maschine {target} wurde neu gestartet: {cause}',
  'vm.nmi.injected': 'In {target} wurde ein nicht maskierbarer Interrupt ausgelöst',
  'vm.state.suspended': 'Die virtuelle Maschine {target} wurde angehalten',
  'vm.state.resumed': 'Die virtuelle Maschine {target} wurde fortgesetzt',
  'vm.state.released': 'Die virtuelle Maschine {target} wurde losgelassen und läuft',
  'vm.state.saved': 'Der Zustand von {target} wurde gespeichert',
  'vm.state.restored':
    'Die virtuelle Maschine {target} wurde aus ihrem gespeicherten Zustand wiederhergestellt',
  'vm.state.discarded': 'Der gespeicherte Zustand von {target} wurde verworfen',
  'vm.snapshot.taken': 'Der Sicherungspunkt {snapshot} von {target} wurde angelegt',
  'vm.snapshot.reverted':
    'Die virtuelle Maschine {target} ist zu ihrem Sicherungspunkt {snapshot} zurückgekehrt',
  'vm.snapshot.deleted': 'Der Sicherungspunkt {snapshot} von {target} wurde gelöscht',
  'vm.template.made':
    'Die virtuelle Maschine {target} ist eine Vorlage: Sie wird geklont und nicht gestartet',
  'vm.template.ended':
    'Die virtuelle Maschine {target} ist wieder eine gewöhnliche und keine Vorlage mehr',
  'vm.snapshot.failed':
    'Der Sicherungspunkt {snapshot} von {target} ließ sich nicht {operation}: {reason}',
  'vm.disk.merge-failed':
    'Die Schicht {file} einer Platte von {target} ließ sich nicht zusammenführen und bleibt: {reason}',
  'vm.undo.committed': 'Die Rückgängig-Platten von {target} wurden in ihre Platten übernommen',
  'vm.undo.discarded': 'Die Rückgängig-Platten von {target} wurden verworfen',
  'vm.undo.commit-failed':
    'Die Rückgängig-Platten von {target} ließen sich nicht übernehmen und bleiben: {reason}',
  'vm.undo.failed': 'Rückgängig-Platten von {target} ließen sich nicht {operation}: {reason}',
  'vm.disk.parent-invalid':
    'Der Vorgänger einer Platte von {target} ist ungültig: {parent} wurde verändert oder fehlt',
  'vm.shutdown.requested': 'Der Gast von {target} wurde gebeten herunterzufahren, durch {means}',
  'vm.shutdown.completed': 'Der Gast von {target} ist wie gebeten heruntergefahren',
  'vm.shutdown.timed-out':
    'Der Gast von {target} ist nicht innerhalb von {timeoutSeconds} s heruntergefahren; {next}',
  'vm.extension.used':
    'Die Erweiterung {extension} ihres Hypervisors wird an {target} benutzt: {argument}',
  'vm.task-failed': '{operation} von {target} ist fehlgeschlagen: {reason}',
  'vm.start-failed': 'Die virtuelle Maschine {target} ließ sich nicht starten: {reason}',
  'vm.restore-failed':
    'Der gespeicherte Zustand von {target} ließ sich nicht wiederherstellen: {reason}',
  'vm.save-failed': 'Der Zustand von {target} ließ sich nicht speichern: {reason}',
  'vm.configuration-error': 'Die Konfiguration von {target} ist ungültig: {reason}',
  'vm.crashed': 'Der Prozess von {target} endete von selbst: {reason}',
  'vm.guest-error': 'Der Gast von {target} meldete einen schweren Fehler: {reason}',
  'vm.failure-reaction':
    'Auf den Ausfall von {target} hin: {reaction} (Nummer {repetition} von {limit})',
  'vm.network-missing': 'Das Netzwerk {network} des Adapters {adapter} von {target} gibt es nicht',
  'vm.adapter-failed':
    'Der Netzwerkadapter {adapter} von {target} lässt sich nicht einrichten: {reason}',
  'vm.device-not-available': 'Das Gerät {device} von {target} gibt es an {hostPath} nicht',
  'vm.disk-error':
    'Die virtuelle Maschine {target} wurde angehalten: Die Platte {device} ließ sich nicht {operation}: {reason}',
  'vm.media.inserted': '{medium} wurde in {drive} von {target} eingelegt',
  'vm.media.ejected': 'Das Medium in {drive} von {target} wurde ausgeworfen',
  'vm.floppy.mount-failed':
    'Das Diskettenabbild {file} ließ sich in {target} nicht einlegen: {reason}',
  'vm.floppy.format-invalid': 'Das Diskettenabbild {file} ist kein gültiges: {reason}',
  'vm.device.added': '{target} hat ein Gerät mehr: {device}',
  'vm.device.removed': '{target} hat ein Gerät weniger: {device}',
  'vm.heartbeat.lost': 'Kein Lebenszeichen vom Gast von {target} seit {lastAt}',
  'vm.heartbeat.regained': 'Der Gast von {target} gibt wieder Lebenszeichen',
  'vm.additions.outdated': 'Gasterweiterungen {installed} von {target} sind älter als {shipped}',
  'vm.additions.updated':
    'Die Gasterweiterungen von {target} wurden aktualisiert: vorher {from}, jetzt {to}',
  'vm.script.started': 'Das Skript {script} von {target} wurde gestartet, wegen {event}',
  'vm.script.finished': 'Das Skript {script} von {target} ist zu Ende',
  'vm.script.failed': 'Das Skript {script} von {target} ist gescheitert: {reason}',
  'vm.clock.corrected':
    'Die Uhr des Gastes von {target} wurde gestellt (sie ging um {offsetMs} ms falsch)',
  'vm.file-systems.frozen':
    'Dateisysteme des Gastes von {target} werden angehalten ({fileSystems})',
  'vm.file-systems.thawed': 'Dateisysteme des Gastes von {target} laufen weiter ({fileSystems})',
  'vm.cut-off':
    'Die virtuelle Maschine {target} brach ab, als ihr Host ausging; vielleicht gingen Daten verloren',
  'vm.stop-fallback':
    'Der Gast von {target} fuhr nicht herunter, als der Host anhielt; stattdessen {instead}',
  'vm.clone.not-generalised':
    'Die virtuelle Maschine {target} hat von {source}: {identity}; niemand sagte, dass der Gast verallgemeinert wurde',
  'vm.conflict': 'Die virtuellen Maschinen {target} und {other} haben etwas gemeinsam: {what}',
  'vm.discovered': 'Suche auf dem Host, virtuelle Maschine {target}: {how}',
  'vm.disk.space-low':
    'Der Datenträger {volume}, auf dem die Platte {device} von {target} wächst, hat wenig Platz',
  'vm.disk.space-exhausted':
    'Die virtuelle Maschine {target} wurde angehalten: Der Datenträger {volume} ihrer Platte {device} ist fast voll',
  'vm.disk.operation-failed':
    'Die Platte {file} von {target} ließ sich nicht {operation}: {reason}',
  'vm.environment-mixed':
    'Die virtuelle Maschine {target}, als {environment} gekennzeichnet, ist am Netzwerk {network}, als {other} gekennzeichnet',
  'vm.threshold.disk':
    'Die Dateien von {target} belegen {usedBytes}, {side} ihrer Grenze von {limitBytes}',
  'vm.threshold.cpu':
    '{target} nutzte in der letzten Minute {usedPercent} % ihrer Prozessoren, {side} ihrer Grenze von {limitPercent} %',
  'vm.threshold.memory':
    '{target} nutzte in der letzten Minute {usedPercent} % ihres Speichers, {side} ihrer Grenze von {limitPercent} %',
} as const;

const ofHosts = {
  'host.network-service-failed': 'Die Netzwerke von {target} lassen sich nicht betreiben: {reason}',
  'host.joined': 'Der Host {target} wurde aufgenommen',
  'host.removed': 'Der Host {target} wurde herausgenommen',
  'host.renamed': 'Der Host {oldName} heißt jetzt {target}',
  'host.started': 'Der Virtualisierungsdienst von {target} wurde gestartet',
  'host.stopped': 'Der Virtualisierungsdienst von {target} wurde angehalten',
  'host.agent.status-changed': 'Host {target}: {newStatus} (vorher: {oldStatus}): {cause}',
  'host.setting.changed': `Die Einstellung {path} von {target} ${setting}`,
  'host.low-resources': 'Dem Host {target} fehlt es bedenklich an: {resource} ({evidence})',
  'host.installation-corrupt': 'Die Installation von {target} ist beschädigt: {parts}',
  'host.adapter-changed': 'Der Adapter {adapter} von {target} dient jetzt so: {use}',
  'host.adapter-undone': 'Der Adapter {adapter} von {target} dient wieder wie vorher: {reason}',
  'host.disk.changed': 'Die Platte {file} von {target}: {operation} ist fertig',
  'host.disk.operation-failed':
    'Die Platte {file} von {target}: {operation} ist gescheitert: {reason}',
  'host.script.started': 'Das Skript {script} des Hosts {target} wurde gestartet, wegen {event}',
  'host.script.finished': 'Das Skript {script} des Hosts {target} ist zu Ende',
  'host.script.failed': 'Das Skript {script} des Hosts {target} ist gescheitert: {reason}',
  'host.extension.used': 'Die Erweiterung {extension} von {target} wird benutzt: {argument}',
} as const;

const ofTheInstallation = {
  'coordinator.started': 'Der Koordinator wurde gestartet',
  'coordinator.stopped': 'Der Koordinator wurde beendet',
  'coordinator.connection.lost': 'Die Verbindung zum Host {target} ist unterbrochen: {cause}',
  'coordinator.connection.restored': 'Die Verbindung zum Host {target} ist wieder da',
  'coordinator.inventory.synchronised':
    'Das Inventar des Hosts {target} wurde abgeglichen: {found} gefunden, {vanished} verschwunden',
  'coordinator.log.cleared': 'Das Ereignisprotokoll wurde bis {before} geleert',
  'installation.setting.changed': `Die Einstellung {path} ${setting}`,
  'warning.acknowledged': 'Eine Warnung wurde zur Kenntnis genommen ({note}): {warning}',
  'warning.cleared':
    'Was zur Kenntnis genommen war, ist vorbei; kommt es wieder, wird wieder gewarnt: {warning}',
  'warning.reopened': 'Die Kenntnisnahme einer Warnung wurde zurückgenommen: {warning}',
  'profile.created': 'Das Hardwareprofil {target} wurde angelegt',
  'profile.deleted': 'Das Hardwareprofil {target} wurde gelöscht',

  'team.created': 'Das Team {target} wurde angelegt',
  'team.changed': 'Das Team {target} wurde geändert: {what}',
  'team.deleted': 'Das Team {target} wurde gelöscht; seine VMs bleiben, wie sie sind',
  'folder.created': 'Der Ordner {target} wurde angelegt',
  'folder.changed': 'Der Ordner {oldPath} ist jetzt {newPath}',
  'folder.deleted': 'Der Ordner {target} wurde gelöscht',
  'folder.quota.changed': 'Das Kontingent des Ordners {target} ist jetzt: {quota}',
  'image.added': 'Das Image {target} wurde hinzugefügt',
  'image.deleted': 'Das Image {target} wurde entfernt',
  'image.build-failed': 'Das Image {target} ließ sich nicht bauen: {reason}',
} as const;

const ofNetworks = {
  'network.created': 'Das Netzwerk {target} wurde angelegt',
  'network.deleted': 'Das Netzwerk {target} wurde gelöscht',
  'network.setting.changed': `Die Einstellung {path} des Netzwerks {target} ${setting}`,
  'network.failed': 'Das Netzwerk {target} ist auf dem Host {host} {state}: {reason}',
  'network.restored': 'Das Netzwerk {target} ist auf dem Host {host} wieder bereit',
  'network.service-moved':
    'Der Dienst des Netzwerks {target} ging vom Host {from} auf den Host {to} über',
  'network.environment-mixed':
    'Am Netzwerk {target}, als {environment} gekennzeichnet, sind Adapter von VMs, die als {other} gekennzeichnet sind: {count}',
  'network.mended': 'Das Netzwerk {target} wurde auf dem Host {host} in Ordnung gebracht: {what}',
} as const;

const ofPeople = {
  'console.opened': '{channel} von {target} wurde geöffnet: {access}',
  'console.closed': '{channel} von {target} wurde nach {durationMs} ms geschlossen',
  'console.refused': '{channel} von {target} wurde verweigert: {reason}',
  'console.access-changed': '{channel} von {target}, {person}: jetzt {access}',
  'console.handed-over': '{channel} von {target}: Tastatur und Maus wurden an {person} übergeben',
  'console.taken-back':
    '{channel} von {target}: Tastatur und Maus wurden von {person} zurückgenommen',
  'console.taken-over': '{channel} von {target} wurde von {person} übernommen',
  'console.ended': '{channel} von {target}: die Verbindung von {person} wurde beendet',
  'console.link-created':
    'Ein Link zum Bildschirm von {target} wurde erzeugt, gültig bis {expiresAt}: {label}',
  'console.link-revoked': 'Der Link zum Bildschirm von {target} wurde widerrufen: {label}',
  'console.recording-started': '{channel} von {target}: die Aufzeichnung hat begonnen',
  'console.recording-ended':
    '{channel} von {target}: die Aufzeichnung endete nach {durationMs} ms: {why}',
  'security.signed-in': '{target} hat sich angemeldet',
  'security.sign-in-failed': 'Anmeldung als {target} fehlgeschlagen',
  'security.signed-out': '{target} hat sich abgemeldet',
  'security.denied': '{target} wurde {verb} verweigert: {object}',
  'security.user.changed': 'Benutzer {target}: {how}',
  'security.permission.changed': 'Berechtigung geändert: {what}',
  'security.role.changed': 'Rolle {target}: {how}',
  'security.token.changed': 'Token {target}: {how}',
  'security.run-account.changed': `Das Konto, unter dem {target} läuft, ${setting}`,
  'security.certificate.changed': 'Zertifikat von {what}: {how}',
} as const;

const sentences: Readonly<Record<EventName, string>> = {
  ...ofVms,
  ...ofHosts,
  ...ofTheInstallation,
  ...ofNetworks,
  ...ofPeople,
};

const channels = {
  screen: 'Bildschirm',
  serial1: 'Serielle Schnittstelle 1',
  serial2: 'Serielle Schnittstelle 2',
};

const things = {
  'vm {name}': 'VM {name}',
  'host {name}': 'Host {name}',
  'folder {name}': 'Ordner {name}',
  'image {name}': 'Image {name}',
  'profile {name}': 'Hardwareprofil {name}',
  'team {name}': 'Team {name}',
  'network {name}': 'Netzwerk {name}',
  'user {name}': 'Benutzer {name}',
  'role {name}': 'Rolle {name}',
  'operation {name}': 'Vorgang {name}',
  installation: 'Installation',
};

const subjects = { user: 'Benutzer', group: 'Gruppe' };

/** As the coordinator writes what was granted: to whom, on what. */
const permissions = Object.fromEntries(
  Object.entries(subjects).flatMap(([kind, subject]) =>
    Object.entries(things).flatMap(([on, thing]) => {
      const place = on.replace('{name}', '{object}');
      const said = `${subject} {name}: ${thing.replace('{name}', '{object}')}`;
      return [
        [`role {role} for ${kind} {name} on ${place}`, `Rolle {role}, ${said}`],
        [`denial of {role} for ${kind} {name} on ${place}`, `Verweigerung von {role}, ${said}`],
      ];
    }),
  ),
) as Readonly<Record<string, string>>;

/** What stands in events in words of the catalogue, by attribute and value. */
const values: EventWords['values'] = {
  how: {
    deleted: 'gelöscht',
    removed: 'herausgenommen',
    created: 'angelegt',
    changed: 'geändert',
    disabled: 'gesperrt',
    enabled: 'freigegeben',
    revoked: 'widerrufen',
    issued: 'ausgestellt',
    renewed: 'erneuert',
    replaced: 'ersetzt',
    new: 'neu gefunden',
    vanished: 'verschwunden',
  },
  cause: {
    guest: 'durch den Gast',
    person: 'durch jemanden',
    schedule: 'nach Zeitplan',
    plan: 'nach Plan',
    'host-stop': 'der Host hielt an',
    crash: 'abgestürzt',
    failure: 'nach einem Ausfall',
  },
  operation: {
    take: 'anlegen',
    'revert to': 'wiederherstellen',
    delete: 'löschen',
    make: 'anlegen',
    commit: 'übernehmen',
    discard: 'verwerfen',
    read: 'lesen',
    write: 'beschreiben',
    create: 'anlegen',
    convert: 'umwandeln',
    compact: 'verkleinern',
    resize: 'in der Größe ändern',
    wipe: 'mit Nullen überschreiben',
  },
  means: { 'guest agent': 'seine Gasterweiterungen', 'power button': 'den Netzschalter' },
  next: {
    'it stays running': 'sie läuft weiter',
    'its state is saved': 'ihr Zustand wird gespeichert',
    'it is turned off': 'sie wird ausgeschaltet',
  },
  instead: {
    'its state was saved': 'wurde ihr Zustand gespeichert',
    'it was turned off': 'wurde sie ausgeschaltet',
  },
  reaction: {
    reset: 'zurückgesetzt',
    restart: 'neu gestartet',
    'turn-on': 'eingeschaltet',
    'given up': 'aufgegeben',
  },
  side: { above: 'oberhalb', within: 'wieder innerhalb' },
  from: { none: 'keine' },
  what: {
    UUID: 'UUID',
    'chassis asset tag': 'Inventarnummer des Gehäuses',
    'chassis serial number': 'Seriennummer des Gehäuses',
    'base board serial number': 'Seriennummer der Hauptplatine',
    'MAC address {mac}': 'MAC-Adresse {mac}',
    members: 'Mitglieder',
    name: 'Name',
    description: 'Beschreibung',
    onFailure: 'was nach einem Fehler geschieht',
    'the server': 'Server',
    'the console and the API': 'Konsole und API',
    'host {name}': 'Host {name}',
    'token {name}': 'Token {name}',
    ...permissions,
  },
  environment: { test: 'Test', production: 'Produktion' },
  other: { test: 'Test', production: 'Produktion' },
  state: { degraded: 'eingeschränkt', down: 'ausgefallen' },
  resource: {
    memory: 'Speicher',
    disk: 'Plattenplatz',
    processes: 'Prozessen',
    'file handles': 'offenen Dateien',
  },
  quota: {
    none: 'keins',
    '1 vm': '1 VM',
    '{count} vms': '{count} VMs',
    '1 processor': '1 Prozessor',
    '{count} processors': '{count} Prozessoren',
    '{size} of memory': '{size} Speicher',
    '{size} of disks': '{size} Platten',
  },
  use: {
    any: 'für alles',
    host: 'nur dem Host',
    networks: 'nur Netzwerken',
    shared: 'dem Host und Netzwerken',
  },
  device: {
    'disk {place}': 'Platte {place}',
    'network adapter {slot}': 'Netzwerkadapter {slot}',
    'shared folder {name} ({path}, read-only)': 'freigegebener Ordner {name} ({path}, nur lesbar)',
    'shared folder {name} ({path}, writable)': 'freigegebener Ordner {name} ({path}, beschreibbar)',
  },
  object: { 'the installation': 'Installation', ...things },
  identity: {
    'host name, machine id or SID, SSH host keys and fixed addresses':
      'Name, Maschinenkennung oder SID, SSH-Hostschlüssel und feste Adressen',
  },
  target: { 'an unknown user': 'jemand Unbekanntes' },
  drive: { floppy: 'Diskettenlaufwerk' },
  channel: channels,
  access: { control: 'tippt und zeigt', 'view-only': 'sieht nur zu' },
  why: {
    person: 'jemand beendete sie',
    machine: 'die Maschine ging aus',
    connection: 'die Verbindung brach ab',
    size: 'sie war groß genug',
    time: 'sie war lang genug',
    disk: 'die Platte war voll oder schadhaft',
    coordinator: 'der Koordinator endete',
  },
  oldStatus: { unknown: 'unbekannt' },
  oldValue: { true: 'ja', false: 'nein' },
  newValue: { true: 'ja', false: 'nein' },
};

/** By whose hand, where no person did it. */
const actors: EventWords['actors'] = {
  coordinator: 'Koordinator',
  agent: 'Agent',
  guest: 'Gast',
  'another program': 'ein anderes Programm',
};

export const germanEvents: EventWords = { sentences, noValue: '(kein Wert)', values, actors };
