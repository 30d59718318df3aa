/** Menus of things of every kind, beside a real machine. */
import { test } from 'node:test';
import { noBrowser } from './browser.ts';
import { walkAttributes } from './object-attributes.ts';
import { ScreenRoom } from './screen-room.ts';

void test(
  'GRP-18 GRP-30 the menu of a thing of any kind leads to all of its attributes with their values, and to the help on its kind',
  { skip: noBrowser },
  async () => {
    await using room = await ScreenRoom.open([{ name: 'tablet', tablet: true }]);
    await room.gantry.must('team', 'create', 'pair', 'tablet');
    await room.gantry.must('network', 'create', 'inside', '--type', 'internal');
    await walkAttributes(room);
  },
);
