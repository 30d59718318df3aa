/** The words of roles, and what each right permits. */
import { verbs, type Verb } from '#api';
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  ...verbs,
  builtIn: 'built in',
  change: 'Change the role {name}',
  create: 'Create a role',
  created: 'The role {name} can be granted now.',
  deleted: 'The role {name} is gone.',
  explain:
    'A role is a set of rights. It is granted on the whole installation, a folder, a host, a virtual machine or an image. Built-in roles stay as they are; nobody makes a role with rights beyond their own.',
  meaning: 'What it is for',
  name: 'Name',
  none: 'none',
  own: 'made here',
  origin: 'Origin',
  remove: 'Delete the role {name}',
  removeExplain: 'As long as it is granted to anybody it stays.',
  rights: 'Rights',
  role: 'Role',
  roles: 'Roles',
} as const;

export type RoleTextKey = keyof typeof english;

const germanVerbs: Readonly<Record<Verb, string>> = {
  'vm.view': 'eine VM und ihre Ereignisse sehen',
  'vm.create': 'VMs anlegen und hinzufügen',
  'vm.settings': 'eine VM umkonfigurieren und umbenennen',
  'vm.scripts': 'Skripte an Ereignisse einer VM hängen, die auf ihrem Host laufen',
  'vm.disks': 'Platten einer VM anlegen, anschließen und abnehmen',
  'vm.snapshot': 'Sicherungspunkte einer VM anlegen, zu ihnen zurückkehren und sie löschen',
  'vm.power': 'eine VM starten, stoppen, anhalten, sichern und zurücksetzen',
  'vm.media': 'Medien einlegen und auswerfen',
  'vm.console': 'Bildschirm, Tastatur und serielle Schnittstelle benutzen',
  'vm.supervise':
    'Konsolen anderer ordnen, beenden und übernehmen, einen Bildschirm über einen Link zeigen, serielle Schnittstellen aufzeichnen',
  'vm.guest': 'im Gast über seinen Agenten handeln',
  'vm.clone': 'eine VM mit ihren Platten kopieren',
  'vm.move':
    'eine VM in einen anderen Ordner oder auf einen anderen Host bringen, und ihre Dateien auf ihrem Host',
  'vm.remove': 'eine VM aus Gantry nehmen, ihre Dateien bleiben',
  'vm.delete': 'eine VM und ihre Dateien löschen',
  'host.view': 'einen Host und seine Ereignisse sehen',
  'host.settings': 'einen Host umkonfigurieren',
  'host.scripts': 'Skripte an Ereignisse eines Hosts hängen, die auf ihm laufen',
  'host.disks': 'an Plattendateien in den VM-Ordnern eines Hosts arbeiten',
  'host.drives':
    'VMs Geräte eines Hosts geben: ganze Laufwerke als rohe Geräte, solche für CDs und Disketten, serielle und parallele Schnittstellen',
  'host.extensions':
    'besondere Funktionen eines Hypervisors verlangen, die keine Rechte von Gantry kennen und alles auf dem Host erreichen können',
  'host.power': 'den Dienst eines Hosts starten und stoppen, Aktionen für alle VMs',
  'host.join': 'neue Hosts aufnehmen',
  'host.unverified':
    'Hypervisoren ohne Prüfung von Zertifikat oder Hostschlüssel oder über einfaches TCP verbinden',
  'folder.view': 'einen Ordner sehen',
  'folder.manage': 'Ordner anlegen, umbenennen und löschen',
  'image.view': 'Images sehen und benutzen',
  'image.manage': 'Images bauen, hinzufügen und löschen',
  'profile.manage': 'Hardwareprofile anlegen und löschen',
  'team.manage': 'Teams von VMs anlegen, ändern und löschen',
  'network.manage': 'Netzwerke anlegen, ändern und löschen',
  'operation.view': 'Vorgänge anderer Leute sehen',
  'operation.cancel': 'Vorgänge anderer Leute abbrechen',
  'event.view': 'das Ereignisprotokoll lesen',
  'event.manage': 'das Ereignisprotokoll leeren und archivieren',
  'user.view': 'Benutzer, Rollen und Rechte sehen',
  'user.manage': 'Benutzer und ihre Tokens anlegen, ändern und löschen',
  'permission.change': 'Rollen und Rechte ändern',
  'audit.view': 'das Prüfprotokoll lesen',
  'installation.view': 'den Zustand der Installation sehen',
  'installation.settings': 'die Einstellungen der Installation ändern',
};

const german: Readonly<Record<RoleTextKey, string>> = {
  ...germanVerbs,
  builtIn: 'eingebaut',
  change: 'Die Rolle {name} ändern',
  create: 'Eine Rolle anlegen',
  created: 'Die Rolle {name} kann jetzt erteilt werden.',
  deleted: 'Die Rolle {name} ist fort.',
  explain:
    'Eine Rolle ist eine Menge von Rechten. Sie wird auf die ganze Installation, einen Ordner, einen Host, eine virtuelle Maschine oder ein Image erteilt. Eingebaute Rollen bleiben, wie sie sind; niemand macht eine Rolle mit mehr Rechten als den eigenen.',
  meaning: 'Wofür sie ist',
  name: 'Name',
  none: 'keine',
  own: 'hier angelegt',
  origin: 'Herkunft',
  remove: 'Die Rolle {name} löschen',
  removeExplain: 'Solange sie jemandem erteilt ist, bleibt sie.',
  rights: 'Rechte',
  role: 'Rolle',
  roles: 'Rollen',
};

export const roleLanguages = { of: 'roles', en: english, de: german };

export function useRoleText(): OwnText<RoleTextKey> {
  return useOwnText<RoleTextKey>(roleLanguages);
}
