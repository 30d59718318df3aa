/** Deutsch: was einem Grund abhülfe, nach seinem Code (en-remedies.ts). */
export const germanRemedies: Readonly<Record<string, string>> = {
  'account-powerful':
    'ein anderes Konto wählen, oder keines: die VM hat dann ein eigenes; oder es in den Einstellungen der VM bestätigen',
  'adapter-reserved':
    'einen anderen Adapter nennen, oder unter Adapter des Hosts ändern, wofür dieser da ist',
  'address-not-static': 'die Adresse des Adapters fest vergeben',
  'address-not-unique': 'dem Adapter eine neue Adresse geben',
  'addresses-may-be-forged': 'Gäste des Netzwerks keine fremden Adressen benutzen lassen',
  'configuration-invalid':
    'die Datei in Ordnung bringen, oder sie durch irgendeine Änderung der Einstellungen neu schreiben lassen',
  'duplicate-mac': 'ein anderes Gerät hat sie: dem Adapter eine neue Adresse geben',
  'export-linked': 'es zuerst in eine eigene Platte umwandeln',
  'export-running': 'sie zuerst herunterfahren',
  'file-used': 'sie von der anderen VM trennen, oder diese unabhängig machen',
  'folder-shared': 'die Dateien einer von beiden zuerst woandershin verschieben',
  'host-not-ready': 'nach den Prüfungen des Hosts sehen',
  'linked-disk': 'sie zuerst umwandeln, oder trennen',
  'mac-in-use': 'dem Adapter eine neue Adresse geben',
  'mac-taken': 'wählen, ob sie bleibt oder neu vergeben wird',
  'medium-stays': 'es zuerst auswerfen',
  'no-agent': 'diesen Computer mit einem eigenen Agenten aufnehmen',
  'not-unpacked': 'um es vorher zu sehen, das Archiv auf dem Host auspacken',
  paused: 'zuerst ihren Zustand speichern',
  'peer-without-address': 'seine Adresse für Netzwerke über Hosts in seinen Einstellungen angeben',
  'port-stays': 'ihn zuerst woandershin führen, in der Konfiguration der VM',
  'raw-device': 'es zuerst trennen',
  'saved-state':
    'sie fortsetzen und zuerst herunterfahren, oder ohne den gespeicherten Zustand weitermachen',
  'several-adapters': 'einen davon behalten',
  'shared-disk': 'sie zuerst trennen',
  'shared-folder': 'ihn zuerst wegnehmen',
  snapshots: 'sie zuerst löschen',
  'span-without-address':
    'die Adresse für Netzwerke über Hosts in den Einstellungen des Hosts angeben',
  'undo-disks': 'bestimmen, was aus ihnen wird: übernommen oder weggelassen',
};
