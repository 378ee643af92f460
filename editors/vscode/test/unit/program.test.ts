import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { layerAt, modelAt, models, withoutComment } from '../../src/program';

const TEXT = `# model Not { input a: [N] }
block B(n) {
    input x: [N]
}
model One {
    input image: [N, 28, 28, 1]
    weights "model.input # no comment"
    input other : [N]
}
model Two { input y: [N] output z }
`;

test('models have their names, lines and inputs', () => {
  assert.deepEqual(models(TEXT), [
    { name: 'One', line: 4, inputs: ['image', 'other'] },
    { name: 'Two', line: 9, inputs: ['y'] },
  ]);
  assert.deepEqual(models(''), []);
  assert.deepEqual(models('model\nmodel 3 {'), []);
});

test('every example has a model with inputs', () => {
  const dir = path.join(process.cwd(), '../../examples');
  const names = readdirSync(dir).filter(name => name.endsWith('.nn'));
  assert.ok(names.length > 10);
  for (const name of names) {
    const found = models(readFileSync(path.join(dir, name), 'utf8'));
    assert.ok(found.length > 0, name);
    for (const model of found) assert.ok(model.inputs.length > 0, `${name}: ${model.name}`);
  }
});

test('a comment begins outside of strings', () => {
  assert.equal(withoutComment('weights "a # b" # c'), 'weights "" ');
  assert.equal(withoutComment('labels ["a\\"# b", "c"] # d'), 'labels ["", ""] ');
  assert.equal(withoutComment('weights "open # b'), 'weights ""');
});

test('the model at a line', () => {
  const all = models(TEXT);
  assert.equal(modelAt(all, 0)?.name, 'One');
  assert.equal(modelAt(all, 6)?.name, 'One');
  assert.equal(modelAt(all, 9)?.name, 'Two');
  assert.equal(modelAt([], 9), undefined);
});

test('the layer at a column', () => {
  const line = '    conv1: Conv(6, kernel=K) # ReLU';
  assert.equal(layerAt(line, 4), undefined);
  assert.equal(layerAt(line, 11), 'Conv');
  assert.equal(layerAt(line, 15), 'Conv');
  assert.equal(layerAt(line, 31), undefined);
});
