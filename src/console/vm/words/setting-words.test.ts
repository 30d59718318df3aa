import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWords, languages } from '../../i18n/words.ts';
import {
  fieldsIn,
  installationSettingsSchema,
  networkPatchSchema,
  networkSpecSchema,
  readFields,
  type Fields,
} from '#api';
import { hostScriptsSchema } from '../../hosts/scripts/schema.ts';
import { hostFormSchema } from '../../hosts/settings/schema.ts';
import { viewerSchema } from '../../hosts/viewers/schema.ts';
import { definitionFields } from '../settings/fields.ts';
import { settingsIn } from '../settings/patch-fields.ts';
import {
  hintSetting,
  nameSetting,
  nameOne,
  nameSettingPath,
  settingLanguages,
  writeSetting,
} from './setting-words.ts';

const networkFields = readFields(settingsIn(networkPatchSchema, networkSpecSchema));
const siteFields = readFields(installationSettingsSchema);
const viewerFields = readFields(viewerSchema);
const hostFields = readFields(hostFormSchema);
const hostScriptFields = readFields(hostScriptsSchema);

function* walk(fields: Fields, above = ''): Generator<readonly [string, Fields[string]]> {
  for (const [name, field] of Object.entries(fields)) {
    const path = above === '' ? name : `${above}/${name}`;
    yield [path, field];
    yield* walk(fieldsIn(field), path);
  }
}

test('every setting of the contract has a name in every language, and a hint where the contract has one', async () => {
  for (const language of languages) {
    const words = createWords(await language.read());
    const table = settingLanguages[language.code];
    assert.ok(table, language.code);
    for (const [path, field] of [
      ...walk(definitionFields),
      ...walk(networkFields),
      ...walk(siteFields),
      ...walk(viewerFields),
      ...walk(hostFields),
      ...walk(hostScriptFields),
    ]) {
      const last = path.slice(path.lastIndexOf('/') + 1);
      if (last !== 'kind')
        assert.ok(
          Object.keys(table.names).some((name) => path === name || path.endsWith(`/${name}`)),
          `${language.code}: ${path} has no name`,
        );
      const hint = hintSetting(words, path, field);
      // A group shows its name alone.
      if (language.code !== 'en' && !['group', 'variant'].includes(field.kind) && field.hint)
        assert.notEqual(hint, field.hint, `${language.code}: ${path} has the English hint`);
      assert.doesNotMatch(hint ?? '', /[A-Z]{2,4}-\d/, path);
    }
  }
});

test('the path of a change is told in words, and its value with its unit', async () => {
  const [english] = languages;
  assert.ok(english);
  const words = createWords(await english.read());
  assert.equal(
    nameSettingPath(words, 'hardware/disks/sata0:1/cache'),
    'Hardware · Disks · sata0:1 · Cache',
  );
  // Adapters have slots of their own; what has only a place in its list is counted as people count.
  assert.equal(
    nameSettingPath(words, 'hardware/adapters/0/model'),
    'Hardware · Network adapters · 0 · Model',
  );
  assert.equal(
    nameSettingPath(words, 'settings/scripts/0/file'),
    'Options · Scripts attached to events · 1 · Program of the host',
  );
  assert.equal(nameOne(words, 'settings/scripts'), 'Script');
  assert.equal(nameOne(words, 'tags'), nameSetting(words, 'tags'));
  assert.equal(writeSetting(words, 'hardware/memory/size_bytes', 1024 ** 3), '1 GiB');
  assert.equal(writeSetting(words, 'settings/start/delay_seconds', 30), '30 s');
  assert.equal(writeSetting(words, 'settings/start/on_host_start', 'off'), 'Stay off');
  assert.equal(writeSetting(words, 'hardware/bios/chassis/asset_tag', null), 'none');
  assert.equal(nameSetting(words, 'hardware/processor/model'), 'Processor model');
});
