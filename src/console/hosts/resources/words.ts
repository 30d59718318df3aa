/** The words of resource allocation, which are asked for with it. */
import { useOwnText, type OwnText } from '../../i18n/own-text.ts';

const english = {
  explain:
    'What each virtual machine is sure of and what it never exceeds, of its own processors and of the host, and its share where processors are scarce. Changes take effect at once, while it runs too.',
  reserved: 'Reserved capacity',
  maximum: 'Maximum capacity',
  weight: 'Relative weight',
  ofHost: '{percent} (of the host: {host})',
  sumRunning: 'All that run or are paused',
  sumAll: 'All virtual machines',
  capacity: 'Capacity of the host',
  processors: '{count} processors',
  overbooked: 'Their reserves together are more than the host has: not all can run at once.',
  change: 'Change: {name}',
  first: 'The first {count} of {all} by name are shown and summed up.',
} as const;

export type ResourceTextKey = keyof typeof english;

const german: Readonly<Record<ResourceTextKey, string>> = {
  explain:
    'Was jeder virtuellen Maschine sicher ist und was sie nie überschreitet, von ihren eigenen Prozessoren und vom Host, und ihr Anteil, wenn Prozessoren knapp sind. Änderungen gelten sofort, auch während sie läuft.',
  reserved: 'Zugesicherte Leistung',
  maximum: 'Höchste Leistung',
  weight: 'Relatives Gewicht',
  ofHost: '{percent} (vom Host: {host})',
  sumRunning: 'Alle laufenden und angehaltenen',
  sumAll: 'Alle virtuellen Maschinen',
  capacity: 'Leistung des Hosts',
  processors: '{count} Prozessoren',
  overbooked:
    'Zusammen sind mehr Prozessoren zugesichert, als der Host hat: Nicht alle können zugleich laufen.',
  change: 'Ändern: {name}',
  first: 'Die ersten {count} von {all} nach Namen sind gezeigt und zusammengezählt.',
};

export const resourceLanguages = { of: 'resources', en: english, de: german };

export function useResourceText(): OwnText<ResourceTextKey> {
  return useOwnText<ResourceTextKey>(resourceLanguages);
}
