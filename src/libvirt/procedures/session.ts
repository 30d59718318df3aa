/** Connecting: authentication, opening, features, closing. */
import { message, session } from './entry.ts';
import { chars, int, list, nullableString, params, string, uint } from '../wire/shape.ts';

export const sessionProcedures = {
  CONNECT_OPEN: session(1, { name: nullableString, flags: uint }, {}),
  CONNECT_CLOSE: session(2, {}, {}),
  CONNECT_SUPPORTS_FEATURE: session(60, { feature: int }, { supported: int }),
  AUTH_LIST: session(66, {}, { types: list(uint, 20) }),
  AUTH_SASL_INIT: session(67, {}, { mechlist: string }),
  AUTH_SASL_START: session(
    68,
    { mech: string, nil: int, data: chars(65536) },
    { complete: int, nil: int, data: chars(65536) },
  ),
  AUTH_SASL_STEP: session(
    69,
    { nil: int, data: chars(65536) },
    { complete: int, nil: int, data: chars(65536) },
  ),
  AUTH_POLKIT: session(70, {}, { complete: int }),
  CONNECT_GET_URI: session(110, {}, { uri: string }),
  CONNECT_REGISTER_CLOSE_CALLBACK: session(360, {}, {}),
  CONNECT_UNREGISTER_CLOSE_CALLBACK: session(361, {}, {}),
  CONNECT_SET_IDENTITY: session(419, { params: params(20), flags: uint }, {}),
} as const;

export const sessionMessages = {
  CONNECT_EVENT_CONNECTION_CLOSED: message(362, { reason: int }),
} as const;
