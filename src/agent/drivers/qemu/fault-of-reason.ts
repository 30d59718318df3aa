/** What stands against a medium or a shared folder, as the answer to somebody who asks for it now. */
import { Fault, type Reason } from '#lib';

const codes: Readonly<
  Record<string, 'not-found' | 'invalid' | 'forbidden' | 'refused' | 'unsupported'>
> = {
  'medium-missing': 'not-found',
  'device-missing': 'not-found',
  'medium-malformed': 'invalid',
  'medium-outside': 'forbidden',
  'share-missing': 'not-found',
  'share-outside': 'forbidden',
  'share-private': 'forbidden',
  'share-unsupported': 'unsupported',
};

export function faultOfReason(reason: Reason): Fault {
  return new Fault(codes[reason.code] ?? 'refused', reason.text, {
    hint: reason.remedy,
    reasons: [reason],
  });
}
