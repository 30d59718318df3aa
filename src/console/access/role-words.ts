/** What built-in roles are called and what they are for. Those of an installation are called as somebody called them. */
import { builtInRoles, type Role } from '#api';
import { useOwnText } from '../i18n/own-text.ts';

const english = Object.fromEntries(
  Object.entries(builtInRoles).flatMap(([name, { meaning }]) => [
    [name, name],
    [`${name}.meaning`, meaning],
  ]),
);

const german: Readonly<Record<string, string>> = {
  administrator: 'Administrator',
  'administrator.meaning': 'alles',
  'server-administrator': 'Server-Administrator',
  'server-administrator.meaning':
    'volle Gewalt über Hosts und die Konfiguration aller VMs, nicht über Benutzer und Berechtigungen',
  create: 'Anlegen',
  'create.meaning': 'Stufe eins: neue VMs anlegen, und diese einrichten und steuern',
  reconfigure: 'Umkonfigurieren',
  'reconfigure.meaning': 'Stufe zwei: eine VM umkonfigurieren',
  use: 'Benutzen',
  'use.meaning': 'Stufe drei: Konsole, Ein und Aus und Medien einer VM',
  'vm-administrator': 'VM-Administrator',
  'vm-administrator.meaning': 'ausgewählte VMs einrichten und steuern, und sonst nichts',
  'vm-operator': 'VM-Bediener',
  'vm-operator.meaning': 'ausgewählte VMs steuern, nicht umkonfigurieren',
  player: 'Spieler',
  'player.meaning': 'VMs laufen lassen, die andere gemacht haben',
  'self-service': 'Selbstbedienung',
  'self-service.meaning':
    'in einem Ordner selbst VMs machen, innerhalb seines Kontingents, und sie zurückgeben',
  'template-user': 'Vorlagenbenutzer',
  'template-user.meaning': 'Vorlagen sehen, und daraus VMs machen, wo man welche machen darf',
  auditor: 'Prüfer',
  'auditor.meaning': 'alles lesen und nichts ändern',
};

export const roleNameLanguages = { of: 'role-names', en: english, de: german };

interface RoleNames {
  /** With the name that the API and the command line know it by, where that is another. */
  name(role: string): string;
  meaning(role: Pick<Role, 'name' | 'meaning' | 'builtIn'>): string;
}

export function useRoleNames(): RoleNames {
  const text = useOwnText<string>(roleNameLanguages);
  const isBuiltIn = (name: string): boolean => Object.hasOwn(builtInRoles, name);
  return {
    name: (role) => {
      const said = isBuiltIn(role) ? text(role) : role;
      return said === role ? role : `${said} (${role})`;
    },
    meaning: ({ name, meaning, builtIn }) =>
      builtIn && isBuiltIn(name) ? text(`${name}.meaning`) : meaning,
  };
}
