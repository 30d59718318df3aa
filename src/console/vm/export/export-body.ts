/** The request of an export, made of what was answered in its dialog. */
import { isOva, type ExportTarget, type Vm, type VmHandOut } from '#api';

export interface ExportAnswers {
  readonly as: ExportTarget;
  /** Empty: the one that is proposed. */
  readonly path: string;
  readonly moveToIde: boolean;
  readonly discardState: boolean;
  /** Empty: unsigned. */
  readonly signWith: string;
}

/** Beside the folder of the vm: a folder, or one file where there can be one. */
export function proposedPath({ path, name }: Pick<Vm, 'path' | 'name'>, as: ExportTarget): string {
  const beside = path.slice(0, path.lastIndexOf('/'));
  const stem = `${beside}/${name.replaceAll(/[^\p{L}\p{N} ._-]/gu, '-')}`;
  return as === 'ovf' ? `${stem}.ova` : `${stem}-${as}`;
}

export function exportBody(vm: Pick<Vm, 'path' | 'name'>, answers: ExportAnswers): VmHandOut {
  const { as, moveToIde, discardState, signWith } = answers;
  return {
    as,
    path: answers.path.trim() || proposedPath(vm, as),
    moveToIde,
    ...(discardState && { savedState: 'discard' }),
    ...(as === 'ovf' && signWith.trim() !== '' && { signWith: signWith.trim() }),
  };
}

/** Whether it becomes one file, which a browser can save. */
export function isOneFile({ as, path }: Pick<VmHandOut, 'as' | 'path'>): boolean {
  return as === 'ovf' && isOva(path);
}
