/** The words of self-service and of quotas, which are asked for with them. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  change: 'Change: {folder}',
  create: 'Create',
  createOf: 'Create a virtual machine of {template}',
  disk: 'Disks',
  explain: 'What you may have, what is offered to you, and what you have made of it.',
  folder: 'Folder',
  full: 'no more',
  limit: 'At most, empty for no limit',
  limits: 'A quota counts all virtual machines in a folder and below it, whether they run or not.',
  memory: 'Memory',
  memoryGiB: 'Memory, GiB',
  diskGiB: 'Disks, GiB',
  mine: 'Your virtual machines',
  noOffers: 'Nothing is offered to you. Ask an administrator for templates.',
  noPlaces: 'There is no folder in which you may make virtual machines.',
  noQuota: 'Without a quota.',
  noQuotas: 'No folder has a quota.',
  offered: 'Offered to you',
  ofFolder: 'Quota of {folder}',
  processors: 'Processors',
  quotas: 'Quotas',
  remove: 'Take away: {folder}',
  removed: 'The folder {folder} has no quota.',
  set: 'Set a quota',
  size: '{processors} processors, {memory} of memory, {disk} of disks',
  sizeOne: '1 processor, {memory} of memory, {disk} of disks',
  used: '{used} of {limit}',
  vms: 'Virtual machines',
} as const;

export type SelfServiceTextKey = keyof typeof english;

const german: Readonly<Record<SelfServiceTextKey, string>> = {
  change: 'Ändern: {folder}',
  create: 'Erstellen',
  createOf: 'Virtuelle Maschine aus {template} erstellen',
  disk: 'Platten',
  explain: 'Was Sie haben dürfen, was Ihnen angeboten wird, und was Sie daraus gemacht haben.',
  folder: 'Ordner',
  full: 'nichts mehr frei',
  limit: 'Höchstens, leer für unbegrenzt',
  limits:
    'Ein Kontingent zählt alle virtuellen Maschinen in einem Ordner und darunter, ob sie laufen oder nicht.',
  memory: 'Speicher',
  memoryGiB: 'Speicher, GiB',
  diskGiB: 'Platten, GiB',
  mine: 'Ihre virtuellen Maschinen',
  noOffers: 'Ihnen wird nichts angeboten. Fragen Sie einen Administrator nach Vorlagen.',
  noPlaces: 'Es gibt keinen Ordner, in dem Sie virtuelle Maschinen erstellen dürfen.',
  noQuota: 'Ohne Kontingent.',
  noQuotas: 'Kein Ordner hat ein Kontingent.',
  offered: 'Ihnen angeboten',
  ofFolder: 'Kontingent von {folder}',
  processors: 'Prozessoren',
  quotas: 'Kontingente',
  remove: 'Wegnehmen: {folder}',
  removed: 'Der Ordner {folder} hat kein Kontingent.',
  set: 'Kontingent festlegen',
  size: '{processors} Prozessoren, {memory} Speicher, {disk} Platten',
  sizeOne: '1 Prozessor, {memory} Speicher, {disk} Platten',
  used: '{used} von {limit}',
  vms: 'Virtuelle Maschinen',
};

export const selfServiceLanguages = { of: 'self-service', en: english, de: german };

export function useSelfServiceText(): OwnText<SelfServiceTextKey> {
  return useOwnText<SelfServiceTextKey>(selfServiceLanguages);
}
