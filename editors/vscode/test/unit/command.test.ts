import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  layers,
  randomInputs,
  runArguments,
  serverPath,
  summaryArguments,
  target,
  traceArguments,
  words,
} from '../../src/command';

test('what a code lens, a menu and the palette give', () => {
  assert.deepEqual(target([]), {});
  assert.deepEqual(target(['file:///a.nn', 'M']), { uri: 'file:///a.nn', model: 'M' });
  assert.deepEqual(target(['file:///a.nn']), { uri: 'file:///a.nn', model: undefined });
  assert.deepEqual(target([{ uri: 'file:///a.nn', model: 'M' }]), { uri: 'file:///a.nn', model: 'M' });
  const menu = { scheme: 'file', toString: () => 'file:///a.nn' };
  assert.deepEqual(target([menu, { groupId: 0 }]), { uri: 'file:///a.nn' });
  assert.deepEqual(target([null, 3]), {});
  assert.deepEqual(target([{ uri: 3 }]), { uri: undefined, model: undefined });
});

test('words are split as a shell splits them', () => {
  assert.deepEqual(words('  -i a=b   --set N=8 '), ['-i', 'a=b', '--set', 'N=8']);
  assert.deepEqual(words(`-i x='[[1, 2]]' -i "y=my file.png"`), ['-i', 'x=[[1, 2]]', '-i', 'y=my file.png']);
  assert.deepEqual(words('my\\ file "a \\"b\\" c"'), ['my file', 'a "b" c']);
  assert.deepEqual(words('"C:\\new\\x.npy"'), ['C:\\new\\x.npy']);
  assert.deepEqual(words(`'open end`), ['open end']);
  assert.deepEqual(words(`""`), ['']);
  assert.deepEqual(words(''), []);
});

test('command lines', () => {
  assert.equal(randomInputs(['a', 'b']), '-i a=random -i b=random');
  assert.deepEqual(runArguments('f.nn', 'M', '-i a=b'), ['run', 'f.nn', '--model', 'M', '-i', 'a=b']);
  assert.deepEqual(runArguments('f.nn', undefined, ''), ['run', 'f.nn']);
  assert.deepEqual(summaryArguments('f.nn', 'M'), ['summary', 'f.nn', '--model', 'M', '--color', 'never']);
  assert.deepEqual(traceArguments('f.nn', undefined, '-i random', 'r.html'), [
    'trace', 'f.nn', '-i', 'random', '-o', 'r.html',
  ]);
});

test('the list of layers', () => {
  const listing = `Pooling
  MaxPool        takes the largest value of each window, channel by channel
  AvgPool        takes the mean of each window, channel by channel

Shape
  Flatten        keeps the batch and joins all other axes into one
                 (and more)

\`nnc layers NAME\` explains one.
`;
  assert.deepEqual(layers(listing), [
    { name: 'MaxPool', group: 'Pooling', summary: 'takes the largest value of each window, channel by channel' },
    { name: 'AvgPool', group: 'Pooling', summary: 'takes the mean of each window, channel by channel' },
    { name: 'Flatten', group: 'Shape', summary: 'keeps the batch and joins all other axes into one' },
  ]);
});

test('where the program is', () => {
  assert.equal(serverPath('nnc', '/home/me', '/code'), 'nnc');
  assert.equal(serverPath('  ', '/home/me', undefined), 'nnc');
  assert.equal(serverPath('~/bin/nnc', '/home/me', undefined), '/home/me/bin/nnc');
  assert.equal(serverPath('${workspaceFolder}/target/debug/nnc', '/home/me', '/code'), '/code/target/debug/nnc');
});
