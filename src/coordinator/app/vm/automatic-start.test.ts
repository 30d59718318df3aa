import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DryRun, VmDefinition } from '#api';
import { Fault, type Reason } from '#lib';
import { FakeAgent, makeDefinition, makeRecord, makeReport } from '../../testing/fake-agent.ts';
import { Stage, type Answer } from '../../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
const locked: Reason = {
  code: 'account-locked',
  text: 'the account robot is closed',
  remedy: 'choose another account',
};

before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  agent.handlers['machine.plan'] = () => ({ ok: true, reasons: [], warnings: [] });
  agent.handlers['machine.configure'] = ({ definition }: { definition: VmDefinition }) => ({
    report: makeReport(definition),
  });
  judgeBy([]);
  await agent.connect([makeRecord(makeDefinition('web-1'), 1)]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

function judgeBy(reasons: readonly Reason[]): void {
  agent.handlers['host.account'] = () => ({ ok: reasons.length === 0, reasons, warnings: [] });
}

const always = { start: { onHostStart: 'always' }, runAs: 'robot' };
const plan = (settings: object): Promise<Answer> =>
  stage.send('PATCH', '/vms/web-1?dryRun=true', { body: { settings } });

test('a start with the host is refused under an account that its host cannot use, and so is such an account for a vm that starts by itself', async () => {
  judgeBy([locked]);
  const refused = await plan(always);
  assert.equal(refused.status, 409, refused.text);
  const { code, detail, hint } = refused.json as Record<string, string>;
  assert.equal(code, 'refused');
  assert.equal(detail, 'cannot let web-1 start with its host: the account robot is closed');
  assert.equal(hint, 'choose another account');
  assert.deepEqual(agent.calls('host.account').at(-1)?.params, {
    runAs: 'robot',
    evenPowerfulAccount: false,
  });
  // Each of both alone is no start under that account.
  assert.equal((await plan({ runAs: 'robot' })).status, 200);
  assert.equal((await plan({ start: always.start })).status, 200);
  const fresh = await stage.send('POST', '/vms?dryRun=true', {
    body: { name: 'web-2', definition: { settings: always } },
  });
  assert.match(fresh.text, /cannot let web-2 start with its host/);
  judgeBy([]);
  const done = await stage.act('PATCH', '/vms/web-1', { settings: always });
  assert.equal(done.state, 'done');
  judgeBy([locked]);
  assert.equal((await plan({ runAs: 'other' })).status, 409);
  assert.equal((await plan({ heartbeat: { missedLimit: 9 } })).status, 200, 'was so before');
  assert.equal((await plan({ start: { onHostStart: 'off' } })).status, 200);
});

test('a host without such accounts is not asked for more, and one that is away keeps nobody from it', async () => {
  agent.handlers['host.account'] = () => {
    throw new Fault('unsupported', 'this agent knows no method host.account');
  };
  assert.equal((await plan({ runAs: 'other' })).status, 200);
  await agent.close();
  const { status, json, text } = await plan({ runAs: 'other' });
  assert.equal(status, 200, text);
  const [warning] = (json as DryRun).warnings.filter(({ code }) => code === 'account-unknown');
  assert.match(warning?.text ?? '', /host h1 is away: .* the account other/);
});
