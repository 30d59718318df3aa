/** Packet filters and what they are bound to. */
import { read, write } from './entry.ts';
import { nwfilter, nwfilterBinding } from './handle.ts';
import { int, list, string, uint, uuid } from '../wire/shape.ts';

export const nwfilterProcedures = {
  NWFILTER_LOOKUP_BY_NAME: read(175, { name: string }, { nwfilter: nwfilter }),
  NWFILTER_LOOKUP_BY_UUID: read(176, { uuid: uuid }, { nwfilter: nwfilter }),
  NWFILTER_GET_XML_DESC: read(177, { nwfilter: nwfilter, flags: uint }, { xml: string }),
  CONNECT_NUM_OF_NWFILTERS: read(178, {}, { num: int }),
  CONNECT_LIST_NWFILTERS: read(179, { maxnames: int }, { names: list(string) }),
  NWFILTER_DEFINE_XML: write(180, { xml: string }, { nwfilter: nwfilter }),
  NWFILTER_UNDEFINE: write(181, { nwfilter: nwfilter }, {}),
  CONNECT_LIST_ALL_NWFILTERS: read(
    286,
    { need_results: int, flags: uint },
    { filters: list(nwfilter), ret: uint },
  ),
  NWFILTER_BINDING_LOOKUP_BY_PORT_DEV: read(397, { name: string }, { nwfilter: nwfilterBinding }),
  NWFILTER_BINDING_GET_XML_DESC: read(
    398,
    { nwfilter: nwfilterBinding, flags: uint },
    { xml: string },
  ),
  NWFILTER_BINDING_CREATE_XML: write(
    399,
    { xml: string, flags: uint },
    { nwfilter: nwfilterBinding },
  ),
  NWFILTER_BINDING_DELETE: write(400, { nwfilter: nwfilterBinding }, {}),
  CONNECT_LIST_ALL_NWFILTER_BINDINGS: read(
    401,
    { need_results: int, flags: uint },
    { bindings: list(nwfilterBinding), ret: uint },
  ),
  NWFILTER_DEFINE_XML_FLAGS: write(431, { xml: string, flags: uint }, { nwfilter: nwfilter }),
} as const;
