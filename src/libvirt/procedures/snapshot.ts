/** Snapshots of domains. */
import { read, write } from './entry.ts';
import { domain, snapshot } from './handle.ts';
import { int, list, string, uint } from '../wire/shape.ts';

export const snapshotProcedures = {
  DOMAIN_SNAPSHOT_CREATE_XML: write(
    185,
    { dom: domain, xml_desc: string, flags: uint },
    { snap: snapshot },
  ),
  DOMAIN_SNAPSHOT_GET_XML_DESC: read(
    186,
    { snap: snapshot, flags: uint },
    { xml: string },
    { arg: 'flags', bits: 1 },
  ),
  DOMAIN_SNAPSHOT_NUM: read(187, { dom: domain, flags: uint }, { num: int }),
  DOMAIN_SNAPSHOT_LIST_NAMES: read(
    188,
    { dom: domain, maxnames: int, flags: uint },
    { names: list(string) },
  ),
  DOMAIN_SNAPSHOT_LOOKUP_BY_NAME: read(
    189,
    { dom: domain, name: string, flags: uint },
    { snap: snapshot },
  ),
  DOMAIN_HAS_CURRENT_SNAPSHOT: read(190, { dom: domain, flags: uint }, { result: int }),
  DOMAIN_SNAPSHOT_CURRENT: read(191, { dom: domain, flags: uint }, { snap: snapshot }),
  DOMAIN_REVERT_TO_SNAPSHOT: write(192, { snap: snapshot, flags: uint }, {}),
  DOMAIN_SNAPSHOT_DELETE: write(193, { snap: snapshot, flags: uint }, {}),
  DOMAIN_SNAPSHOT_GET_PARENT: read(244, { snap: snapshot, flags: uint }, { snap: snapshot }),
  DOMAIN_SNAPSHOT_NUM_CHILDREN: read(246, { snap: snapshot, flags: uint }, { num: int }),
  DOMAIN_SNAPSHOT_LIST_CHILDREN_NAMES: read(
    247,
    { snap: snapshot, maxnames: int, flags: uint },
    { names: list(string) },
  ),
  DOMAIN_SNAPSHOT_IS_CURRENT: read(271, { snap: snapshot, flags: uint }, { current: int }),
  DOMAIN_SNAPSHOT_HAS_METADATA: read(272, { snap: snapshot, flags: uint }, { metadata: int }),
  DOMAIN_LIST_ALL_SNAPSHOTS: read(
    274,
    { dom: domain, need_results: int, flags: uint },
    { snapshots: list(snapshot), ret: int },
  ),
  DOMAIN_SNAPSHOT_LIST_ALL_CHILDREN: read(
    275,
    { snapshot: snapshot, need_results: int, flags: uint },
    { snapshots: list(snapshot), ret: int },
  ),
} as const;
