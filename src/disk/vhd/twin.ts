/** Empty VHDs that are like another one: its footer says all that makes a disk the same one, its geometry among it. */
import { sectorBytes } from '../limits.ts';
import type { Twin } from '../layer.ts';
import { layOutDynamic, layOutFixed } from './create.ts';
import { footerBytes, madeHere, type VhdFooter } from './footer.ts';

export function fixedTwin(footer: () => VhdFooter): Twin {
  return {
    files: (name) => [name],
    layOut(file) {
      const known = footer();
      const currentBytes = Math.ceil(known.currentBytes / sectorBytes) * sectorBytes;
      return layOutFixed(file, { ...known, currentBytes }, {});
    },
  };
}

/** `batmap`: it has one, which is not made anew; whoever the footer names as its maker would look for it. */
export function dynamicTwin(
  known: () => {
    readonly footer: VhdFooter;
    readonly blockBytes: number;
    readonly batmap: 'there' | 'none';
  },
): Twin {
  return {
    files: (name) => [name],
    async layOut(file) {
      const { footer, blockBytes, batmap } = known();
      const maker = batmap === 'there' ? madeHere(footer.currentBytes) : {};
      const like = { ...footer, ...maker, headerOffset: footerBytes };
      await layOutDynamic(file, like, { blockBytes });
    },
  };
}
