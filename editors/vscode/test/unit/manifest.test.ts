import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = process.cwd();
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json'));

test('what the manifest names is there', () => {
  const { languages, grammars, snippets } = manifest.contributes;
  const files = [
    manifest.icon,
    languages[0].configuration,
    languages[0].icon.light,
    ...grammars.map((grammar: { path: string }) => grammar.path),
    snippets[0].path,
  ];
  for (const file of files) assert.ok(existsSync(path.join(root, file)), file);
});

test('every command is implemented, and no other', () => {
  const source = read('src/extension.ts');
  const told = manifest.contributes.commands.map((entry: { command: string }) => entry.command);
  const made = [...source.matchAll(/command\('(nnc\.\w+)'/g)].map(found => found[1]);
  assert.deepEqual([...told].sort(), [...made].sort());
});

test('the rules of indentation and of Enter', () => {
  const config = JSON.parse(read('language-configuration.json'));
  const more = new RegExp(config.indentationRules.increaseIndentPattern);
  const less = new RegExp(config.indentationRules.decreaseIndentPattern);
  for (const line of ['model M {', 'conv: Conv(', '    input x: [', 'model M { # why', 'labels ["#", (']) {
    assert.match(line, more);
  }
  for (const line of ['    ReLU', 'block B { ReLU }', '# a {', 'weights "{"', '    ReLU # {', '']) {
    assert.doesNotMatch(line, more);
  }
  for (const line of ['}', '    )', '  ] -> [N]']) assert.match(line, less);
  for (const line of ['    Linear(3)', '# }']) assert.doesNotMatch(line, less);

  const [comment, list] = config.onEnterRules.map(
    (rule: { beforeText: string }) => new RegExp(rule.beforeText),
  );
  assert.match('    # what it does', comment);
  for (const line of ['    # allow W0207', '    #', '    ReLU # a']) assert.doesNotMatch(line, comment);
  for (const line of ['    Add from a,', '    up: Concat(axis=-1) from a, b, # c']) assert.match(line, list);
  for (const line of ['    Add from a', '    Conv(6,', '# from a,']) assert.doesNotMatch(line, list);
});

test('snippets are whole, and their placeholders are numbered', () => {
  const snippets = JSON.parse(read('snippets.json'));
  const prefixes = new Set<string>();
  for (const [name, snippet] of Object.entries<{ prefix: string; body: string[] }>(snippets)) {
    assert.ok(!prefixes.has(snippet.prefix), `${name}: \`${snippet.prefix}\` is taken`);
    prefixes.add(snippet.prefix);
    const text = snippet.body.join('\n').replace(/\$\{\d+[:|]([^}|,]*)[^}]*\}|\$\d/g, '$1');
    assert.doesNotMatch(text, /\$/, name);
    for (const [open, close] of ['{}', '()', '[]']) {
      assert.equal(text.split(open).length, text.split(close).length, `${name}: ${text}`);
    }
  }
});
