/** Guests by the words of other products, the first that fits: VMware's names of guests, Virtual PC's, and plain ones. */

const guests: readonly (readonly [RegExp, string])[] = [
  [/^(winnetenterprise|win2003ent)|server 2003.*enterprise/, 'windows-server-2003-enterprise'],
  [/^winnetweb|server 2003.*web/, 'windows-server-2003-web'],
  [/^winnetbusiness|small business.*2003/, 'windows-sbs-2003'],
  [/^winnet|server 2003/, 'windows-server-2003-standard'],
  [/^win2000advserv|2000 advanced/, 'windows-2000-advanced-server'],
  [/^win2000|windows 2000/, 'windows-2000-server'],
  [/^winnt|windows nt/, 'windows-nt-4-sp6a'],
  [/^winxp|windows xp/, 'windows-xp'],
  [/^windows11|windows 11/, 'windows-11'],
  [/^windows9srv|^windows2016|server 2016/, 'windows-server-2016'],
  [/^windows9|^windows10|windows 10/, 'windows-10'],
  [/^windows2022|server 2022|^windows2019srvnext/, 'windows-server-2022'],
  [/^windows2019|server 2019/, 'windows-server-2019'],
  [/^windows2025|server 2025/, 'windows-server-2025'],
  [/^debian/, 'debian'],
  [/^ubuntu/, 'ubuntu'],
  [/^(rhel|redhat|centos|oraclelinux|rocky|almalinux)/, 'rhel'],
  [/^fedora/, 'fedora'],
  [/^(suse|sles|opensuse)/, 'suse'],
  [/^freebsd/, 'freebsd'],
  [/^openbsd/, 'openbsd'],
  [/^netbsd/, 'netbsd'],
  [/^netware/, 'netware'],
  [/^os\/?2/, 'os2'],
  [/^solaris10/, 'solaris-10'],
  [/^solaris11/, 'solaris-11'],
  [/linux|^other\d*xlinux/, 'linux'],
  [/^other/, 'other'],
];

/** Undefined for a word that nobody knows. */
export function guestOf(word: string | null): string | undefined {
  const text = (word ?? '').trim().toLowerCase();
  return guests.find(([pattern]) => pattern.test(text))?.[1];
}
