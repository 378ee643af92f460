// The colours of every example, as snapshots: `npm run bless` writes them anew.
//
// A snapshot has each line of the program, and below it the innermost scope of each piece that is
// no comment. A line that a snapshot has must be coloured as it was there; programs may change, and
// lines that no snapshot has are only counted.

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

/** The lines of a snapshot, each with the colours that it has. */
function coloured(snap) {
  const lines = new Map();
  for (const part of snap.split(/^(?=\|)/m)) {
    const line = part.split('\n', 1)[0];
    lines.set(line, (lines.get(line) ?? new Set()).add(part));
  }
  return lines;
}

await mkdir(snapshots, { recursive: true });
let [wrong, fresh] = [0, 0];
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
  const kept = coloured(await readFile(file, 'utf8').catch(() => ''));
  for (const [line, now] of coloured(made)) {
    const before = kept.get(line);
    if (!before) {
      fresh += 1;
      continue;
    }
    for (const part of now) {
      if (before.has(part)) continue;
      wrong += 1;
      console.error(`${name}: was\n${[...before].join('')}and is\n${part}`);
    }
  }
}
if (wrong) {
  console.error(`${wrong} lines differ: look at them, then \`npm run bless\``);
  process.exit(1);
}
console.log(`${names.length} programs are coloured as before`);
if (fresh) console.log(`${fresh} lines are in no snapshot: \`npm run bless\` adds them`);
