/** The words of folders: where vms are filed. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  explain:
    'Vms are filed in folders. A role granted on a folder holds for all that lies in it, and a quota bounds what its vms have together.',
  path: 'Folder',
  vms: 'Show its virtual machines',
  create: 'Create folder',
  parent: 'In the folder',
  change: 'Rename or move {folder}',
  changeEntry: 'Rename or move',
  remove: 'Delete the folder {folder}',
  removeExplain: 'Only an empty folder is deleted; grants on it and its quota go with it.',
  created: 'the folder {folder} is created',
  changed: 'the folder {folder} is changed',
  deleted: 'the folder {folder} is deleted',
  file: 'File in a folder',
  fileExplain:
    'What is granted on the folder holds for the virtual machine from then on; its files stay where they are.',
  filed: '{name} is filed in {folder}',
} as const;
export type FolderTextKey = keyof typeof english;

const german: Readonly<Record<FolderTextKey, string>> = {
  explain:
    'VMs liegen in Ordnern. Eine Rolle, die auf einen Ordner erteilt ist, gilt für alles darin, und ein Kontingent begrenzt, was seine VMs zusammen haben.',
  path: 'Ordner',
  vms: 'Seine virtuellen Maschinen zeigen',
  create: 'Ordner anlegen',
  parent: 'Im Ordner',
  change: '{folder} umbenennen oder verschieben',
  changeEntry: 'Umbenennen oder verschieben',
  remove: 'Den Ordner {folder} löschen',
  removeExplain:
    'Gelöscht wird nur ein leerer Ordner; was darauf erteilt ist und sein Kontingent gehen mit ihm.',
  created: 'der Ordner {folder} ist angelegt',
  changed: 'der Ordner {folder} ist geändert',
  deleted: 'der Ordner {folder} ist gelöscht',
  file: 'In einem Ordner ablegen',
  fileExplain:
    'Was auf den Ordner erteilt ist, gilt von da an für die virtuelle Maschine; ihre Dateien bleiben, wo sie sind.',
  filed: '{name} liegt in {folder}',
};

export const folderLanguages = { of: 'folders', en: english, de: german };

export function useFolderText(): OwnText<FolderTextKey> {
  return useOwnText<FolderTextKey>(folderLanguages);
}
