/** Checkpoints of domains, and backups that start from them. */
import { read, write } from './entry.ts';
import { checkpoint, domain } from './handle.ts';
import { int, list, nullableString, string, uint } from '../wire/shape.ts';

export const checkpointProcedures = {
  DOMAIN_CHECKPOINT_CREATE_XML: write(
    411,
    { dom: domain, xml_desc: string, flags: uint },
    { checkpoint: checkpoint },
  ),
  DOMAIN_CHECKPOINT_GET_XML_DESC: read(
    412,
    { checkpoint: checkpoint, flags: uint },
    { xml: string },
    { arg: 'flags', bits: 1 },
  ),
  DOMAIN_LIST_ALL_CHECKPOINTS: read(
    413,
    { dom: domain, need_results: int, flags: uint },
    { checkpoints: list(checkpoint), ret: int },
  ),
  DOMAIN_CHECKPOINT_LIST_ALL_CHILDREN: read(
    414,
    { checkpoint: checkpoint, need_results: int, flags: uint },
    { checkpoints: list(checkpoint), ret: int },
  ),
  DOMAIN_CHECKPOINT_LOOKUP_BY_NAME: read(
    415,
    { dom: domain, name: string, flags: uint },
    { checkpoint: checkpoint },
  ),
  DOMAIN_CHECKPOINT_GET_PARENT: read(
    416,
    { checkpoint: checkpoint, flags: uint },
    { parent: checkpoint },
  ),
  DOMAIN_CHECKPOINT_DELETE: write(417, { checkpoint: checkpoint, flags: uint }, {}),
  DOMAIN_BACKUP_BEGIN: write(
    421,
    { dom: domain, backup_xml: string, checkpoint_xml: nullableString, flags: uint },
    {},
  ),
  DOMAIN_BACKUP_GET_XML_DESC: read(422, { dom: domain, flags: uint }, { xml: string }),
} as const;
