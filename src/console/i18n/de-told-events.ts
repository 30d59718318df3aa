/** Deutsch: was in Ereignissen als Ursache steht, nach dem englischen Satz (phrases.ts). */
import type { Phrases } from './phrases.ts';

const connections: Phrases = {
  'the agent is connected': 'der Agent ist verbunden',
  'the agent was stopped': 'der Agent wurde angehalten',
  'the virtualization service is stopped': 'der Virtualisierungsdienst ist angehalten',
  'the virtualization service of the host is stopped':
    'der Virtualisierungsdienst des Hosts ist angehalten',
  '{name} is not installed': '{name} ist nicht installiert',
  'it has not connected since the coordinator started':
    'er hat sich nicht verbunden, seit der Koordinator läuft',
  'the connection ended ({code})': 'die Verbindung brach ab ({code})',
  'a newer connection of the same host replaces this one':
    'eine neuere Verbindung desselben Hosts ersetzt diese',
  'the coordinator stops': 'der Koordinator endet',
  'the host was removed': 'der Host wurde herausgenommen',
  'no hello': 'er hat sich nicht vorgestellt',
  'the agent does not read what it is sent': 'der Agent liest nicht, was ihm geschickt wird',
  'the agent ends': 'der Agent endet',
  'the connection to host {name} was lost': 'die Verbindung zum Host {name} brach ab',
  'stopped by {name}': 'angehalten von {name}',
  'the operating system of the host ends': 'das Betriebssystem des Hosts endet',
};

const ends: Phrases = {
  'the guest panicked': 'der Gast geriet in Panik (kernel panic)',
  'the watchdog of the guest fired': 'der Watchdog des Gastes schlug an',
  'simulated kernel panic': 'simulierte Panik (kernel panic)',
  'its monitor did not answer': 'sein Monitor antwortete nicht',
  'it ended while nobody could see how': 'er endete, ohne dass zu sehen war, wie',
  'an error of the host': 'ein Fehler des Hosts',
  'the process ended: {why}': 'der Prozess endete: {why}',
};

const networks: Phrases = {
  'its bridge was deleted': 'seine Brücke war gelöscht',
  'its VLAN was deleted': 'sein VLAN war gelöscht',
  'its address {address} was taken away': 'seine Adresse {address} war weggenommen',
  'its bridge had the address {address}': 'seine Brücke hatte die Adresse {address}',
  '{device} was not in its bridge': '{device} war nicht in seiner Brücke',
  '{device} was set down': '{device} war abgeschaltet',
  'settings of {device} were changed': 'Einstellungen von {device} waren geändert',
  'its rules were changed': 'seine Regeln waren geändert',
  'its service had ended': 'sein Dienst war zu Ende',
  'the cable of its service was out': 'das Kabel seines Dienstes war gezogen',
  'nobody has confirmed it in time': 'niemand hat es rechtzeitig bestätigt',
  'the agent ended before it was confirmed': 'der Agent endete, bevor es bestätigt war',
};

const figures: Phrases = {
  installation: 'Installation',
  'hardware of 2005 that old guests know: IDE, tulip, Cirrus, one processor':
    'Hardware von 2005, die alte Gäste kennen: IDE, tulip, Cirrus, ein Prozessor',
  'paravirtual devices for current guests: virtio disks, network and screen':
    'paravirtuelle Geräte für heutige Gäste: Platten, Netz und Bildschirm virtio',
  '{size} available': '{size} verfügbar',
  "{size} free for the agent's data": '{size} frei für die Daten des Agenten',
  '{path} is missing': '{path} fehlt',
  '{path} was changed': '{path} wurde verändert',
  '{path} is missing or damaged': '{path} fehlt oder ist beschädigt',
};

export const germanOfEvents: Phrases = { ...connections, ...ends, ...networks, ...figures };
