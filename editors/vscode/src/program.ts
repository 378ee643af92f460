/** What the commands need to know of a program's text, without the server. */

export interface Model {
  name: string;
  /** Its line, from 0. */
  line: number;
  /** The names of its inputs, top to bottom. */
  inputs: string[];
}

/** The models of a program. A text that is broken may give fewer. */
export function models(text: string): Model[] {
  const found: Model[] = [];
  let model: Model | undefined;
  for (const [line, raw] of text.split('\n').entries()) {
    const code = withoutComment(raw);
    // Bodies do not nest in each other but for `repeat`, which has no inputs of its own.
    for (const piece of code.split(/(?=\b(?:model|block|input)\b)/)) {
      const definition = /^(model|block)\s+([A-Za-z_]\w*)/.exec(piece);
      if (definition) {
        model = undefined;
        if (definition[1] === 'model') {
          model = { name: definition[2], line, inputs: [] };
          found.push(model);
        }
        continue;
      }
      const input = /^input\s+([A-Za-z_]\w*)\s*:/.exec(piece);
      if (input) model?.inputs.push(input[1]);
    }
  }
  return found;
}

/** A line up to its comment, strings emptied. */
export function withoutComment(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"?|#.*/g, found => (found.startsWith('"') ? '""' : ''));
}

/** The model that `line`, from 0, stands in or nearest below. */
export function modelAt(all: Model[], line: number): Model | undefined {
  return all.filter(model => model.line <= line).at(-1) ?? all[0];
}

/** The name of a layer at `column` of a line, if a name in capitals stands there. */
export function layerAt(line: string, column: number): string | undefined {
  for (const found of withoutComment(line).matchAll(/[A-Za-z_]\w*/g)) {
    const end = found.index + found[0].length;
    if (found.index <= column && column <= end && /^[A-Z]/.test(found[0])) return found[0];
  }
  return undefined;
}
