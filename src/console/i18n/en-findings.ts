/** English: what findings say, where the API's own words name a command that nobody types here. */
import type { FindingCode } from '#api';

/** Each part is said as the API says it where it is left out. Places are the values of the finding. */
export interface FindingWords {
  readonly evidence?: string;
  readonly remedy?: string;
}

const newCertificate =
  'give a new certificate and key in the site settings, or as files in the folder tls';
const joinAgain = 'let the host connect, or join it again with a new token';
const lookAtHost = 'look whether its agent runs, then at the checks of the host';
const startService = 'start its service, among the actions of the host';

export const englishFindings: Readonly<Partial<Record<FindingCode, FindingWords>>> = {
  'no-host': { remedy: 'make a token for one, and join it from its own command line' },
  'host-away': { remedy: lookAtHost },
  'host-away-because': { remedy: lookAtHost },
  'host-stopped': { remedy: startService },
  'host-stopped-because': { remedy: startService },
  'host-unverified': { remedy: 'have it connected again, with its certificate or host key' },
  'vm-unsettled': { remedy: 'when both are back, give it back, among the actions of the vm' },
  'vm-files-large': {
    remedy: 'look at its disks and snapshots, or raise the limit in its configuration',
  },
  'additions-outdated': { remedy: 'update them, among the actions of the vm' },
  'viewers-unencrypted': { remedy: 'refuse them, under native viewers of the host' },
  'viewers-certificate': {
    remedy: 'supply another one or generate it, under native viewers of the host',
  },
  'tls-off': { remedy: 'require TLS in the site settings' },
  'certificate-unusable': {
    remedy: 'replace both files in the folder tls, or what was given in the site settings',
  },
  'passwords-in-clear': { remedy: 'switch it off in the site settings' },
  'certificate-expires': { remedy: newCertificate },
  'certificate-expired': { remedy: newCertificate },
  'host-certificate-expires': { remedy: joinAgain },
  'host-certificate-expired': { remedy: joinAgain },
  'more-warnings': { remedy: 'see all on the status page' },
};
