/**
 * Domains, out of the configuration of those programs of Linux that make a machine a member or a controller of one:
 * Samba (smb.conf(5)) and Kerberos (krb5.conf(5)). Pure; texts come from guests and from the host alike.
 */

/** Their files, which everybody on a machine may read. */
export const sambaPath = '/etc/samba/smb.conf';
export const kerberosPath = '/etc/krb5.conf';

/** By `server role`; the words and their spacing are free in case. */
export function isSambaController(samba: string | undefined): boolean {
  const roles = ['active directory domain controller', 'domain controller', 'dc'];
  return roles.includes(valueOf(samba, 'server[ \\t]*role') ?? '');
}

/**
 * The domain that a machine belongs to, in small letters; null where it is in none. All of its members take their time from
 * the domain. That of Samba counts for members only: every smb.conf names a workgroup.
 */
export function domainOf(samba: string | undefined, kerberos: string | undefined): string | null {
  const role = valueOf(samba, 'server[ \\t]*role');
  const security = valueOf(samba, 'security');
  const isMember = role === 'member server' || security === 'ads' || security === 'domain';
  const realm = isMember ? valueOf(samba, 'realm') : undefined;
  const name = realm ?? valueOf(kerberos, 'default_realm');
  return name !== undefined && /^[\w.-]{1,253}$/.test(name) ? name : null;
}

function valueOf(configuration: string | undefined, key: string): string | undefined {
  const line = new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*(.{1,253})$`, 'im').exec(
    configuration ?? '',
  );
  return line?.[1]?.trim().toLowerCase();
}
