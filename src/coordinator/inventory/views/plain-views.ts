/** Folders and images as the API shows them. */
import type { Folder, Image } from '#api';
import type { FolderDocument, ImageDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';

export function viewFolder(folder: Document<FolderDocument>, path: string): Folder {
  const { id, version, createdAt, updatedAt, data } = folder;
  const { name, parentId } = data;
  return { kind: 'folder', id, name, path, parentId, version, createdAt, updatedAt };
}

export function viewImage(image: Document<ImageDocument>, hostName: string): Image {
  const { id, version, createdAt, updatedAt, data } = image;
  return { kind: 'image', id, ...data, host: hostName, version, createdAt, updatedAt };
}
