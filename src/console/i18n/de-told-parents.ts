/** Deutsch: was an den Vorgängern liegt, mit denen eine Platte kam, nach dem englischen Satz (phrases.ts). */
import type { Phrases } from './phrases.ts';

export const germanOfParents: Phrases = {
  'its chain of parents comes back to {parent}':
    'ihre Kette von Vorgängern kehrt zurück zu {parent}',
  'it has more than {count} parents': 'sie hat mehr als {count} Vorgänger',
  'the parent that {child} names is no file of this host':
    'der Vorgänger, den {child} nennt, ist keine Datei dieses Hosts',
  'make one disk of both where that can be read: gantry disk flatten; or name a file: gantry disk rebase':
    'beide dort zu einer Platte machen, wo er sich lesen lässt, mit gantry disk flatten, oder eine Datei nennen, mit gantry disk rebase',
  '{child} does not say the format of its parent {parent}':
    '{child} sagt nicht, welches Format ihr Vorgänger {parent} hat',
  'nobody guesses it; write it down: gantry disk reconnect {child} {parent} --parent-format FORMAT':
    'niemand rät es; es eintragen mit gantry disk reconnect {child} {parent} --parent-format FORMAT',
  '{parent}, the parent of {child}, is in {format}':
    '{parent}, der Vorgänger von {child}, hat das Format {format}',
  'below a qcow2 only qcow2 and raw are opened; make one disk of both: gantry disk flatten {path}':
    'unter QCOW2 werden nur QCOW2 und raw geöffnet; beide zu einer Platte machen',
  '{parent}, the parent of {child},': '{parent}, der Vorgänger von {child},',
  'add its folder to the search path of the host, or {why}':
    'seinen Ordner in den Suchpfad des Hosts aufnehmen, oder {why}',
  "{what} lies in the folder of {name}, which is that one's alone":
    '{what} liegt im Ordner von {name}, der nur dieser gehört',
  'bring it into a folder that several vms may use, or {why}':
    'ihn in einen Ordner legen, den mehrere VMs benutzen dürfen, oder {why}',
  'bring it back, or name another place of it: gantry disk reconnect {path} PARENT':
    'ihn zurückbringen, oder sagen, wo er ist, mit gantry disk reconnect',
  '{what} is a disk of {name}, which writes it':
    '{what} ist eine Platte von {name} und wird von ihr beschrieben',
  '{name} would write {file} ({place}), and disks of {names} are made from it':
    '{name} würde {file} ({place}) beschreiben, und Platten von {names} bauen darauf auf',
  'attach it as read-only, or attach a differencing disk above it':
    'sie nur lesbar anschließen, oder eine differenzierende Platte darüber',
  '{what} would be written, and disks of {names} are made from it':
    '{what} würde beschrieben, und Platten von {names} bauen darauf auf',
  'the account of the vm may not read {parent}, the parent of {what}':
    'das Konto der VM darf {parent} nicht lesen, den Vorgänger von {what}',
  'the disk {place} of {name} cannot be compacted: it holds only what differs from {parent}':
    'die Platte {place} von {name} lässt sich nicht verdichten: Sie enthält nur, was sich von {parent} unterscheidet',
  'take in what that holds: gantry vm flatten {name}':
    'aufnehmen, was darin ist, mit: gantry vm flatten {name}',
  '{what} stands alone by now, and had {before} for its parent when the vm got it':
    '{what} steht inzwischen allein; als die VM sie bekam, war {before} ihr Vorgänger',
  '{what} holds only what differs from {parent}, and had {before} for its parent when the vm got it':
    '{what} enthält nur, was sich von {parent} unterscheidet; ihr Vorgänger, als die VM sie bekam: {before}',
  'if that was meant, detach it and attach it again; or make one disk of both':
    'war das gewollt, sie trennen und wieder anschließen; sonst beide zu einer Platte machen',
};
