/** Migration of domains, in libvirt's generations 1 to 3. */
import { read, stream, write } from './entry.ts';
import { domain } from './handle.ts';
import { bytes, int, nullableString, params, string, uhyper, uint } from '../wire/shape.ts';

export const migrationProcedures = {
  DOMAIN_MIGRATE_PREPARE: write(
    61,
    { uri_in: nullableString, flags: uhyper, dname: nullableString, resource: uhyper },
    { cookie: bytes, uri_out: nullableString },
  ),
  DOMAIN_MIGRATE_PERFORM: write(
    62,
    {
      dom: domain,
      cookie: bytes,
      uri: string,
      flags: uhyper,
      dname: nullableString,
      resource: uhyper,
    },
    {},
  ),
  DOMAIN_MIGRATE_FINISH: write(
    63,
    { dname: string, cookie: bytes, uri: string, flags: uhyper },
    { ddom: domain },
  ),
  DOMAIN_MIGRATE_PREPARE2: write(
    108,
    {
      uri_in: nullableString,
      flags: uhyper,
      dname: nullableString,
      resource: uhyper,
      dom_xml: string,
    },
    { cookie: bytes, uri_out: nullableString },
  ),
  DOMAIN_MIGRATE_FINISH2: write(
    109,
    { dname: string, cookie: bytes, uri: string, flags: uhyper, retcode: int },
    { ddom: domain },
  ),
  DOMAIN_MIGRATE_PREPARE_TUNNEL: stream(
    'upload',
    148,
    { flags: uhyper, dname: nullableString, resource: uhyper, dom_xml: string },
    {},
  ),
  DOMAIN_MIGRATE_SET_MAX_DOWNTIME: write(166, { dom: domain, downtime: uhyper, flags: uint }, {}),
  DOMAIN_MIGRATE_SET_MAX_SPEED: write(207, { dom: domain, bandwidth: uhyper, flags: uint }, {}),
  DOMAIN_MIGRATE_BEGIN3: write(
    213,
    { dom: domain, xmlin: nullableString, flags: uhyper, dname: nullableString, resource: uhyper },
    { cookie_out: bytes, xml: string },
  ),
  DOMAIN_MIGRATE_PREPARE3: write(
    214,
    {
      cookie_in: bytes,
      uri_in: nullableString,
      flags: uhyper,
      dname: nullableString,
      resource: uhyper,
      dom_xml: string,
    },
    { cookie_out: bytes, uri_out: nullableString },
  ),
  DOMAIN_MIGRATE_PREPARE_TUNNEL3: stream(
    'upload',
    215,
    { cookie_in: bytes, flags: uhyper, dname: nullableString, resource: uhyper, dom_xml: string },
    { cookie_out: bytes },
  ),
  DOMAIN_MIGRATE_PERFORM3: write(
    216,
    {
      dom: domain,
      xmlin: nullableString,
      cookie_in: bytes,
      dconnuri: nullableString,
      uri: nullableString,
      flags: uhyper,
      dname: nullableString,
      resource: uhyper,
    },
    { cookie_out: bytes },
  ),
  DOMAIN_MIGRATE_FINISH3: write(
    217,
    {
      dname: string,
      cookie_in: bytes,
      dconnuri: nullableString,
      uri: nullableString,
      flags: uhyper,
      cancelled: int,
    },
    { dom: domain, cookie_out: bytes },
  ),
  DOMAIN_MIGRATE_CONFIRM3: write(
    218,
    { dom: domain, cookie_in: bytes, flags: uhyper, cancelled: int },
    {},
  ),
  DOMAIN_MIGRATE_GET_MAX_SPEED: write(242, { dom: domain, flags: uint }, { bandwidth: uhyper }),
  DOMAIN_MIGRATE_GET_COMPRESSION_CACHE: read(
    299,
    { dom: domain, flags: uint },
    { cacheSize: uhyper },
  ),
  DOMAIN_MIGRATE_SET_COMPRESSION_CACHE: write(
    300,
    { dom: domain, cacheSize: uhyper, flags: uint },
    {},
  ),
  DOMAIN_MIGRATE_BEGIN3_PARAMS: write(
    302,
    { dom: domain, params: params(64), flags: uint },
    { cookie_out: bytes, xml: string },
  ),
  DOMAIN_MIGRATE_PREPARE3_PARAMS: write(
    303,
    { params: params(64), cookie_in: bytes, flags: uint },
    { cookie_out: bytes, uri_out: nullableString },
  ),
  DOMAIN_MIGRATE_PREPARE_TUNNEL3_PARAMS: stream(
    'upload',
    304,
    { params: params(64), cookie_in: bytes, flags: uint },
    { cookie_out: bytes },
  ),
  DOMAIN_MIGRATE_PERFORM3_PARAMS: write(
    305,
    { dom: domain, dconnuri: nullableString, params: params(64), cookie_in: bytes, flags: uint },
    { cookie_out: bytes },
  ),
  DOMAIN_MIGRATE_FINISH3_PARAMS: write(
    306,
    { params: params(64), cookie_in: bytes, flags: uint, cancelled: int },
    { dom: domain, cookie_out: bytes },
  ),
  DOMAIN_MIGRATE_CONFIRM3_PARAMS: write(
    307,
    { dom: domain, params: params(64), cookie_in: bytes, flags: uint, cancelled: int },
    {},
  ),
  DOMAIN_MIGRATE_START_POST_COPY: write(364, { dom: domain, flags: uint }, {}),
  DOMAIN_MIGRATE_GET_MAX_DOWNTIME: read(387, { dom: domain, flags: uint }, { downtime: uhyper }),
} as const;
