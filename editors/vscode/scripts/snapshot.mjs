// The colours of every example, as snapshots: `npm run bless` writes them anew.
//
// A snapshot has each line of the program, and below it the innermost scope of each piece that is
// no comment.

import { readFile, readdir, writeFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { loadWASM, OnigScanner, OnigString } = require('vscode-oniguruma');
const { Registry, INITIAL, parseRawGrammar } = require('vscode-textmate');

const here = path.dirname(fileURLToPath(import.meta.url));
const programs = path.join(here, '../../../examples');
const snapshots = path.join(here, '../test/snapshots');
const bless = process.argv.includes('--bless');

await loadWASM(await readFile(require.resolve('vscode-oniguruma/release/onig.wasm')));
const registry = new Registry({
  onigLib: Promise.resolve({
    createOnigScanner: patterns => new OnigScanner(patterns),
    createOnigString: text => new OnigString(text),
  }),
  loadGrammar: async () => {
    const file = path.join(here, '../syntaxes/nn.tmLanguage.json');
    return parseRawGrammar(await readFile(file, 'utf8'), file);
  },
});
const grammar = await registry.loadGrammar('source.nn');

function snapshot(text) {
  const lines = [];
  let stack = INITIAL;
  for (const line of text.trimEnd().split('\n')) {
    lines.push(`|${line}`);
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    stack = ruleStack;
    for (const { startIndex, endIndex, scopes } of tokens) {
      const inner = scopes[scopes.length - 1];
      if (inner === 'source.nn' || line.slice(startIndex, endIndex).trim() === '') continue;
      if (scopes.includes('comment.line.number-sign.nn')) continue;
      lines.push(` ${' '.repeat(startIndex)}${'^'.repeat(endIndex - startIndex)} ${inner}`);
    }
  }
  // A program that is whole leaves nothing open.
  if (stack.depth !== 1) throw new Error(`the last line leaves ${stack} open`);
  return `${lines.join('\n')}\n`;
}

await mkdir(snapshots, { recursive: true });
let failed = 0;
const names = (await readdir(programs)).filter(name => name.endsWith('.nn')).sort();
if (names.length < 10) throw new Error('the examples are not there');
for (const name of names) {
  const file = path.join(snapshots, `${name}.snap`);
  const made = snapshot(await readFile(path.join(programs, name), 'utf8'));
  if (made.includes('invalid.')) throw new Error(`${name}: something is invalid\n${made}`);
  if (bless) {
    await writeFile(file, made);
    continue;
  }
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept === made) continue;
  failed += 1;
  const [old, now] = [kept.split('\n'), made.split('\n')];
  const at = now.findIndex((line, index) => line !== old[index]);
  console.error(`${name}: line ${at + 1} of the snapshot\n- ${old[at] ?? ''}\n+ ${now[at]}`);
}
if (failed) {
  console.error(`${failed} snapshots differ: look at them, then \`npm run bless\``);
  process.exit(1);
}
console.log(`${names.length} programs are coloured as before`);
