/** One command of virsh, and how the gateway's answer stands to that of libvirtd. */

export interface Row {
  readonly words: string;
  /** Default: `equal`, but for names, ids, dates and paths. `form`: what it tells is told there, too, with other figures. */
  readonly like?: 'equal' | 'form';
  /** Only the lines that name the vm count: both list others, too. */
  readonly about?: 'vm';
  /** Asked for one of them alone: hypervisors of others do not do all that the agent does. */
  readonly of?: 'own' | 'far';
  /** What the gateway answers in place of what libvirtd does, and why that is so. */
  readonly deviates?: { readonly says: RegExp; readonly code: 0 | 1; readonly why: string };
}

export const row = (words: string): Row => ({ words });
export const form = (words: string): Row => ({ words, like: 'form' });
export const listed = (words: string): Row => ({ words, about: 'vm' });
export const deviates = (words: string, code: 0 | 1, says: RegExp, why: string): Row => ({
  words,
  deviates: { code, says, why },
});

export const withAgent = (words: string): Row => ({ words, of: 'own' });
export const onFar = (words: string): Row => ({ words, of: 'far' });
export const ofOwn = (row: Row): Row => ({ ...row, of: 'own' });

export const nothing = /^\s*$/;
