/** The assembled boot-sector.S: 512 bytes, the FAT12 parameters in it still empty. */

const jump = Buffer.from('eb3c90', 'hex');
const codeOffset = 62;
const code = Buffer.from(
  [
    '31c08ed88ed0bc007cfcfbb80300cd1031d2b8e300cd14bea27cac84c0741850',
    'b40ebb0700cd1058833e00040074ebb40131d2cd14ebe3b401cd167515833e00',
    '0400740bb40331d2cd14f6c401750bf4ebe531c0cd16cd18ebddb40231d2cd14',
    'cd18ebd347616e74727920626f6f7420666c6f7070790d0a0d0a54686973206d',
    '616368696e6520737461727465642066726f6d2069747320666c6f7070792064',
    '726976652e0d0a50726573732061206b657920746f2073746172742066726f6d',
    '20746865206e657874206465766963652e0d0a',
  ].join(''),
  'hex',
);

export function floppyBootSector(): Buffer {
  const sector = Buffer.alloc(512);
  jump.copy(sector, 0);
  code.copy(sector, codeOffset);
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}
