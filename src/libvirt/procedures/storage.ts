/** Storage pools and volumes. */
import { event, read, stream, write } from './entry.ts';
import { storagePool, storageVol } from './handle.ts';
import {
  int,
  list,
  nullableString,
  optional,
  string,
  u8,
  uhyper,
  uint,
  uuid,
} from '../wire/shape.ts';

export const storageProcedures = {
  CONNECT_NUM_OF_STORAGE_POOLS: read(71, {}, { num: int }),
  CONNECT_LIST_STORAGE_POOLS: read(72, { maxnames: int }, { names: list(string) }),
  CONNECT_NUM_OF_DEFINED_STORAGE_POOLS: read(73, {}, { num: int }),
  CONNECT_LIST_DEFINED_STORAGE_POOLS: read(74, { maxnames: int }, { names: list(string) }),
  CONNECT_FIND_STORAGE_POOL_SOURCES: write(
    75,
    { type: string, srcSpec: nullableString, flags: uint },
    { xml: string },
  ),
  STORAGE_POOL_CREATE_XML: write(76, { xml: string, flags: uint }, { pool: storagePool }),
  STORAGE_POOL_DEFINE_XML: write(77, { xml: string, flags: uint }, { pool: storagePool }),
  STORAGE_POOL_CREATE: write(78, { pool: storagePool, flags: uint }, {}),
  STORAGE_POOL_BUILD: write(79, { pool: storagePool, flags: uint }, {}),
  STORAGE_POOL_DESTROY: write(80, { pool: storagePool }, {}),
  STORAGE_POOL_DELETE: write(81, { pool: storagePool, flags: uint }, {}),
  STORAGE_POOL_UNDEFINE: write(82, { pool: storagePool }, {}),
  STORAGE_POOL_REFRESH: write(83, { pool: storagePool, flags: uint }, {}),
  STORAGE_POOL_LOOKUP_BY_NAME: read(84, { name: string }, { pool: storagePool }),
  STORAGE_POOL_LOOKUP_BY_UUID: read(85, { uuid: uuid }, { pool: storagePool }),
  STORAGE_POOL_LOOKUP_BY_VOLUME: read(86, { vol: storageVol }, { pool: storagePool }),
  STORAGE_POOL_GET_INFO: read(
    87,
    { pool: storagePool },
    { state: u8, capacity: uhyper, allocation: uhyper, available: uhyper },
  ),
  STORAGE_POOL_GET_XML_DESC: read(88, { pool: storagePool, flags: uint }, { xml: string }),
  STORAGE_POOL_GET_AUTOSTART: read(89, { pool: storagePool }, { autostart: int }),
  STORAGE_POOL_SET_AUTOSTART: write(90, { pool: storagePool, autostart: int }, {}),
  STORAGE_POOL_NUM_OF_VOLUMES: read(91, { pool: storagePool }, { num: int }),
  STORAGE_POOL_LIST_VOLUMES: read(
    92,
    { pool: storagePool, maxnames: int },
    { names: list(string) },
  ),
  STORAGE_VOL_CREATE_XML: write(
    93,
    { pool: storagePool, xml: string, flags: uint },
    { vol: storageVol },
  ),
  STORAGE_VOL_DELETE: write(94, { vol: storageVol, flags: uint }, {}),
  STORAGE_VOL_LOOKUP_BY_NAME: read(95, { pool: storagePool, name: string }, { vol: storageVol }),
  STORAGE_VOL_LOOKUP_BY_KEY: read(96, { key: string }, { vol: storageVol }),
  STORAGE_VOL_LOOKUP_BY_PATH: read(97, { path: string }, { vol: storageVol }),
  STORAGE_VOL_GET_INFO: read(
    98,
    { vol: storageVol },
    { type: int, capacity: uhyper, allocation: uhyper },
  ),
  STORAGE_VOL_GET_XML_DESC: read(99, { vol: storageVol, flags: uint }, { xml: string }),
  STORAGE_VOL_GET_PATH: read(100, { vol: storageVol }, { name: string }),
  STORAGE_VOL_CREATE_XML_FROM: write(
    125,
    { pool: storagePool, xml: string, clonevol: storageVol, flags: uint },
    { vol: storageVol },
  ),
  STORAGE_POOL_IS_ACTIVE: read(154, { pool: storagePool }, { active: int }),
  STORAGE_POOL_IS_PERSISTENT: read(155, { pool: storagePool }, { persistent: int }),
  STORAGE_VOL_WIPE: write(165, { vol: storageVol, flags: uint }, {}),
  STORAGE_VOL_UPLOAD: stream(
    'upload',
    208,
    { vol: storageVol, offset: uhyper, length: uhyper, flags: uint },
    {},
  ),
  STORAGE_VOL_DOWNLOAD: stream(
    'download',
    209,
    { vol: storageVol, offset: uhyper, length: uhyper, flags: uint },
    {},
  ),
  STORAGE_VOL_WIPE_PATTERN: write(259, { vol: storageVol, algorithm: uint, flags: uint }, {}),
  STORAGE_VOL_RESIZE: write(260, { vol: storageVol, capacity: uhyper, flags: uint }, {}),
  CONNECT_LIST_ALL_STORAGE_POOLS: read(
    281,
    { need_results: int, flags: uint },
    { pools: list(storagePool), ret: uint },
  ),
  STORAGE_POOL_LIST_ALL_VOLUMES: read(
    282,
    { pool: storagePool, need_results: int, flags: uint },
    { vols: list(storageVol), ret: uint },
  ),
  CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY: read(
    368,
    { eventID: int, pool: optional(storagePool) },
    { callbackID: int },
  ),
  CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY: read(369, { callbackID: int }, {}),
  STORAGE_VOL_GET_INFO_FLAGS: read(
    378,
    { vol: storageVol, flags: uint },
    { type: int, capacity: uhyper, allocation: uhyper },
  ),
  STORAGE_POOL_LOOKUP_BY_TARGET_PATH: read(391, { path: string }, { pool: storagePool }),
  CONNECT_GET_STORAGE_POOL_CAPABILITIES: read(403, { flags: uint }, { capabilities: string }),
} as const;

export const storageMessages = {
  STORAGE_POOL_EVENT_LIFECYCLE: event(370, 'storage-pool', 0, {
    callbackID: int,
    pool: storagePool,
    event: int,
    detail: int,
  }),
  STORAGE_POOL_EVENT_REFRESH: event(373, 'storage-pool', 1, { callbackID: int, pool: storagePool }),
} as const;
