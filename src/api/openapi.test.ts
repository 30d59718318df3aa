import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultCodes } from '#lib';
import { buildOpenApi } from './openapi.ts';
import { routes } from './routes/mod.ts';
import type { Route } from './routes/route.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: unknown;
  readonly responses: Record<string, unknown>;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

function namesIn(path: string): readonly string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1] ?? '').sort();
}

const text = JSON.stringify(buildOpenApi('1.2.3'));
const document = JSON.parse(text) as OpenApi;

test('every route is in the document under its name', () => {
  assert.equal(document.openapi, '3.1.0');
  for (const [name, entry] of Object.entries(routes)) {
    const route: Route = entry;
    const operation = document.paths[route.path]?.[route.method.toLowerCase()];
    assert.equal(operation?.operationId, name);
    assert.equal(
      operation?.requestBody !== undefined,
      (route.body ?? route.upload) !== undefined,
      name,
    );
  }
});

test('the same table gives the same text', () => {
  assert.equal(JSON.stringify(buildOpenApi('1.2.3')), text);
});

test('every reference leads to a component, and none to inside of a schema', () => {
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
  assert.ok(references.length > 50);
  for (const reference of references) {
    const name = /^#\/components\/schemas\/([\w.-]+)$/.exec(reference)?.[1];
    assert.ok(name !== undefined, reference);
    assert.ok(Object.hasOwn(document.components.schemas, name), reference);
  }
  for (const name of Object.keys(document.components.schemas)) assert.match(name, /^[A-Z]\w+$/);
});

test('every pattern is a regular expression in other languages too', () => {
  const patterns = [...text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
    (match) => JSON.parse(match[1] ?? '') as string,
  );
  assert.ok(patterns.length > 50);
  for (const pattern of patterns) {
    // Classes of Unicode, code points in braces, names of groups, looking back: each is written otherwise, or not at all.
    assert.doesNotMatch(pattern, /\\[pP]\{|\\u\{|\(\?</);
    assert.ok(new RegExp(pattern) instanceof RegExp);
  }
});

test('every parameter in a path is described, and no other', () => {
  for (const [path, item] of Object.entries(document.paths)) {
    const named = namesIn(path);
    for (const operation of Object.values(item)) {
      const described = operation.parameters
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => parameter.name)
        .sort();
      assert.deepEqual(described, named, operation.operationId);
    }
  }
});

test('every route has a success and says what a fault looks like', () => {
  for (const item of Object.values(document.paths))
    for (const { operationId, responses } of Object.values(item)) {
      assert.ok(
        Object.keys(responses).some((code) => /^[12]\d\d$/.test(code)),
        operationId,
      );
      assert.ok('default' in responses, operationId);
    }
});

test('no two routes have the same method and path, and every path parameter is in params', () => {
  const seen = new Set<string>();
  for (const [name, entry] of Object.entries(routes)) {
    const route: Route = entry;
    const key = `${route.method} ${route.path.replaceAll(/\{\w+\}/g, '{}')}`;
    assert.ok(!seen.has(key), key);
    seen.add(key);
    const named = namesIn(route.path);
    assert.deepEqual(Object.keys(route.params?.shape ?? {}).sort(), named, name);
    if (route.on !== undefined) assert.ok(named.includes(route.on), name);
  }
});

test('every change that can be tried can be tried without effect', () => {
  const without = Object.entries(routes)
    .filter(([, entry]) => {
      const route: Route = entry;
      return route.method !== 'GET' && !('dryRun' in (route.query?.shape ?? {}));
    })
    .map(([name]) => name)
    .sort();
  // What signs in and out, gives secrets, asks without changing, acts inside a guest or by a hypervisor's own words, sends the next part of what was begun, shows a page, or changes only who is at a console now has no dry run.
  assert.deepEqual(without, [
    'console.link.open',
    'host.certificate',
    'host.confirm-adapter',
    'host.diagnose',
    'host.discover',
    'host.extension',
    'host.join',
    'host.join-token',
    'host.probe',
    'host.upload.send',
    'network.release',
    'operation.cancel',
    'operation.pace',
    'session.create',
    'session.delete',
    'session.password',
    'session.second-factor.begin',
    'session.second-factor.confirm',
    'token.certificate',
    'token.create',
    'token.delete',
    'user.link',
    'vm.check',
    'vm.clock.set',
    'vm.console.change',
    'vm.console.end',
    'vm.console.hand-over',
    'vm.console.link.create',
    'vm.console.link.delete',
    'vm.console.take-back',
    'vm.console.ticket',
    'vm.extension',
    'vm.freeze.begin',
    'vm.freeze.end',
    'vm.keys',
    'vm.open',
    'vm.password.set',
    'vm.recording.delete',
    'vm.recording.start',
    'vm.recording.stop',
    'vm.trim',
    'vm.type',
  ]);
});

test('API-23 the codes of faults are in the document', () => {
  const problem = document.components.schemas['Problem'] as {
    readonly properties: { readonly code: { readonly enum: readonly string[] } };
  };
  assert.deepEqual([...problem.properties.code.enum].sort(), Object.keys(faultCodes).sort());
});
