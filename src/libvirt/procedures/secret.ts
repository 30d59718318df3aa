/** Secrets that disks and pools refer to. */
import { event, read, write } from './entry.ts';
import { secret } from './handle.ts';
import { bytes, int, list, optional, string, uint, uuid } from '../wire/shape.ts';

export const secretProcedures = {
  CONNECT_NUM_OF_SECRETS: read(139, {}, { num: int }),
  CONNECT_LIST_SECRETS: read(140, { maxuuids: int }, { uuids: list(string) }),
  SECRET_LOOKUP_BY_UUID: read(141, { uuid: uuid }, { secret: secret }),
  SECRET_DEFINE_XML: write(142, { xml: string, flags: uint }, { secret: secret }),
  SECRET_GET_XML_DESC: read(143, { secret: secret, flags: uint }, { xml: string }),
  SECRET_SET_VALUE: write(144, { secret: secret, value: bytes, flags: uint }, {}),
  SECRET_GET_VALUE: write(145, { secret: secret, flags: uint }, { value: bytes }),
  SECRET_UNDEFINE: write(146, { secret: secret }, {}),
  SECRET_LOOKUP_BY_USAGE: read(147, { usageType: int, usageID: string }, { secret: secret }),
  CONNECT_LIST_ALL_SECRETS: read(
    287,
    { need_results: int, flags: uint },
    { secrets: list(secret), ret: uint },
  ),
  CONNECT_SECRET_EVENT_REGISTER_ANY: read(
    380,
    { eventID: int, secret: optional(secret) },
    { callbackID: int },
  ),
  CONNECT_SECRET_EVENT_DEREGISTER_ANY: read(381, { callbackID: int }, {}),
} as const;

export const secretMessages = {
  SECRET_EVENT_LIFECYCLE: event(382, 'secret', 0, {
    callbackID: int,
    secret: secret,
    event: int,
    detail: int,
  }),
  SECRET_EVENT_VALUE_CHANGED: event(383, 'secret', 1, { callbackID: int, secret: secret }),
} as const;
