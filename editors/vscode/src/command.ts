/** The command lines of `nnc`. */

/** What a command is about: a program, and one of its models. */
export interface Target {
  uri?: string;
  model?: string;
}

/**
 * What the arguments of a command say: those of a code lens, `(uri, model)` or `({ uri, model })`,
 * or nothing. VS Code gives menus' commands a URI object.
 */
export function target(args: readonly unknown[]): Target {
  const [first, second] = args;
  if (typeof first === 'string') {
    return { uri: first, model: typeof second === 'string' ? second : undefined };
  }
  if (typeof first !== 'object' || first === null) return {};
  const { uri, model, scheme } = first as { uri?: unknown; model?: unknown; scheme?: unknown };
  if (typeof scheme === 'string') return { uri: String(first) };
  return {
    uri: typeof uri === 'string' ? uri : undefined,
    model: typeof model === 'string' ? model : undefined,
  };
}

/** The words of what was typed: split at blanks, but for those in quotes or behind a backslash. */
export function words(typed: string): string[] {
  const found: string[] = [];
  for (const [word] of typed.matchAll(/(?:[^\s"'\\]|\\[^]|"(?:[^"\\]|\\[^])*"?|'[^']*'?)+/g)) {
    found.push(
      word.replace(/\\([^])|"((?:[^"\\]|\\[^])*)"?|'([^']*)'?/g, (_, escaped, double, single) => {
        if (escaped !== undefined) return escaped;
        if (single !== undefined) return single;
        return double.replace(/\\(["\\])/g, '$1');
      }),
    );
  }
  return found;
}

/** The options that run a model on random data. */
export function randomInputs(inputs: readonly string[]): string {
  return inputs.map(name => `-i ${name}=random`).join(' ');
}

export function runArguments(file: string, model: string | undefined, typed: string): string[] {
  return ['run', file, ...modelOption(model), ...words(typed)];
}

export function traceArguments(
  file: string,
  model: string | undefined,
  typed: string,
  report: string,
): string[] {
  return ['trace', file, ...modelOption(model), ...words(typed), '-o', report];
}

export function summaryArguments(file: string, model: string | undefined): string[] {
  return ['summary', file, ...modelOption(model), '--color', 'never'];
}

function modelOption(model: string | undefined): string[] {
  return model === undefined ? [] : ['--model', model];
}

/** A layer and what it does, in a word. */
export interface Layer {
  name: string;
  group: string;
  summary: string;
}

/** What `nnc layers` lists: groups, and indented below each its layers. */
export function layers(listing: string): Layer[] {
  const found: Layer[] = [];
  let group = '';
  for (const line of listing.split('\n')) {
    const layer = /^ {2}([A-Z]\w*) {2,}(\S.*)$/.exec(line);
    if (layer) found.push({ name: layer[1], group, summary: layer[2].trim() });
    else if (/^\S/.test(line)) group = line.trim();
  }
  return found;
}

/** The program that `setting` names: `~` and `${workspaceFolder}` are filled in. */
export function serverPath(setting: string, home: string, folder: string | undefined): string {
  let path = setting.trim() || 'nnc';
  if (path === '~' || path.startsWith('~/')) path = home + path.slice(1);
  return path.replaceAll('${workspaceFolder}', folder ?? '.');
}
