/** The completion scripts in the shells themselves, which are given a program of this name that offers what is dangerous. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { completionScripts } from './completion.ts';

const limitMs = 20_000;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gc-'));
  // After `vm` verbs, after `show` names, and nothing after any other word.
  const program = `#!/bin/sh
case "$*" in
'__complete -- vm show '*) printf '%s\\n' '$(touch ran)' 'two words' ;;
'__complete -- vm start '*) echo '$(touch ran)' ;;
'__complete -- vm '*) printf '%s\\n' show start ;;
esac
`;
  writeFileSync(join(folder, 'gantry'), program);
  chmodSync(join(folder, 'gantry'), 0o755);
  writeFileSync(join(folder, 'notes.yaml'), '');
  for (const [shell, script] of Object.entries(completionScripts))
    writeFileSync(join(folder, shell === 'zsh' ? '_gantry' : `gantry.${shell}`), `${script}\n`);
});
after(() => rmSync(folder, { recursive: true }));

/** For `skip`: why the shell cannot be tried, or false. */
const without = (shell: string): string | false =>
  spawnSync(shell, ['--version']).status === 0 ? false : `${shell} is not installed`;

/** What a shell with nobody's settings prints. */
function run(shell: string, ...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(shell, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: limitMs,
    env: { HOME: folder, PATH: `${folder}:${process.env['PATH']}`, LANG: 'C.UTF-8', TERM: 'dumb' },
  });
  assert.equal(stderr, '');
  assert.equal(existsSync(join(folder, 'ran')), false, 'a name was run');
  return stdout;
}

void test(
  'bash completes verbs and names; what looks like a command is quoted and not run',
  { skip: without('bash') },
  () => {
    const completed = (word: string, ...before: readonly string[]): string =>
      run(
        'bash',
        '-c',
        `source gantry.bash
COMP_WORDS=(gantry ${before.join(' ')} '${word}'); COMP_CWORD=${before.length + 1}
_gantry; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ).trim();
    assert.equal(completed('', 'vm'), 'show\nstart');
    assert.equal(completed('sta', 'vm'), 'start');
    assert.equal(completed('', 'vm', 'show'), String.raw`\$\(touch\ ran\)` + '\ntwo\\ words');
    assert.equal(completed('tw', 'vm', 'show'), String.raw`two\ words`);
  },
);

void test(
  'fish completes verbs and names, and files where the program offers nothing',
  { skip: without('fish') },
  () => {
    const completed = (line: string): string =>
      run('fish', '--no-config', '-c', `source gantry.fish; complete -C '${line}'`).trim();
    assert.equal(completed('gantry vm '), 'show\nstart');
    assert.equal(completed('./gantry vm sta'), 'start');
    assert.equal(completed('gantry vm show '), '$(touch ran)\ntwo words');
    assert.equal(completed('gantry vm show tw'), 'two words');
    assert.equal(completed('gantry apply -f no'), 'notes.yaml');
  },
);

void test(
  'zsh completes as one types, from a sourced script and from a folder of functions',
  { skip: without('zsh') },
  () => {
    for (const load of [
      'compinit -D -u; source <(cat _gantry)',
      'fpath=($PWD $fpath); compinit -D -u',
    ]) {
      // A terminal in which a shell reads keys; each line is what it shows after them.
      const script = `zmodload zsh/zpty
zpty z 'zsh -f -i'
zpty -w z 'unsetopt zle_bracketed_paste 2>/dev/null; unset zle_bracketed_paste; PS1="RE""ADY>"; autoload -Uz compinit; ${load}'
zpty -r z shown '*READY>*'
press() {
  zpty -w -n z $'\\x15'"$1"$'\\t'
  zpty -r z shown "*$2*" && print -r -- "$2"
}
press 'gantry vm sta' 'gantry vm start '
press 'gantry vm show tw' 'gantry vm show two[\\\\] words '
press 'gantry vm start ' 'gantry vm start [\\\\][$][\\\\][(]touch[\\\\] ran[\\\\][)] '
press 'gantry apply -f no' 'gantry apply -f notes.yaml '
zpty -d z`;
      const lines = run('zsh', '-f', '-c', script).trim().split('\n');
      assert.equal(lines.length, 4, `${load}\n${lines.join('\n')}`);
    }
  },
);
