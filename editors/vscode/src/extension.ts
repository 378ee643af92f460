/** What VS Code starts: the client of `nnc lsp`, and the commands. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { LanguageClient, type LanguageClientOptions, State } from 'vscode-languageclient/node';

import {
  layers,
  randomInputs,
  runArguments,
  serverPath,
  summaryArguments,
  target,
  traceArguments,
} from './command';
import { layerAt, type Model, modelAt, models } from './program';

const OUTPUT = 'nnc-output';

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const shown = new Shown();
  const command = (name: string, run: (...args: unknown[]) => Promise<void>) =>
    vscode.commands.registerCommand(name, async (...args: unknown[]) => {
      try {
        await run(...args);
      } catch (error) {
        void vscode.window.showErrorMessage(`nnc: ${message(error)}`);
      }
    });
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider(OUTPUT, shown),
    command('nnc.run', (...args) => run(context, args)),
    command('nnc.trace', (...args) => trace(context, args)),
    command('nnc.summary', (...args) => summary(shown, args)),
    command('nnc.layer', () => layer(shown)),
    command('nnc.restart', restart),
    vscode.workspace.onDidChangeConfiguration(change => {
      if (change.affectsConfiguration('nnc.server.path')) void restart();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void restart()),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await stop();
}

// ---- The server -------------------------------------------------------------------------------

function settings(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('nnc');
}

function program(): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  return serverPath(settings().get('server.path', 'nnc'), homedir(), folder);
}

async function start(): Promise<void> {
  const server = { command: program(), args: ['lsp'] };
  const options: LanguageClientOptions = {
    documentSelector: [{ language: 'nn' }],
    synchronize: {
      configurationSection: 'nnc',
      // Imported blocks and the weights that a model names count too.
      fileEvents: vscode.workspace.createFileSystemWatcher('**/*.{nn,safetensors}'),
    },
    // That the commands of code lenses are known, and what the settings are before they are asked for.
    initializationOptions: { commands: true, nnc: settings() },
  };
  const started = new LanguageClient('nnc', 'nnc', server, options);
  client = started;
  try {
    await started.start();
  } catch (error) {
    client = undefined;
    const choice = await vscode.window.showErrorMessage(
      `\`${server.command} lsp\` does not start: ${message(error)}. ` +
        'Colours and snippets work without it; errors and shapes do not.',
      'Set the path',
    );
    if (choice) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'nnc.server.path');
    }
  }
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  if (running && running.state !== State.Stopped) await running.stop().catch(() => undefined);
  await running?.dispose().catch(() => undefined);
}

/** One restart after the other, however fast they are asked for. */
let restarting: Promise<void> = Promise.resolve();

function restart(): Promise<void> {
  restarting = restarting.then(async () => {
    await stop();
    await start();
  });
  return restarting;
}

// ---- Commands ---------------------------------------------------------------------------------

interface Chosen {
  document: vscode.TextDocument;
  file: string;
  model: Model | undefined;
}

/** The saved program and the model that a command is about; asks where there are several. */
async function choose(args: readonly unknown[]): Promise<Chosen | undefined> {
  const { uri, model: named } = target(args);
  const editor = vscode.window.activeTextEditor;
  const document = uri
    ? await vscode.workspace.openTextDocument(vscode.Uri.parse(uri))
    : editor?.document;
  if (!document || document.languageId !== 'nn') throw new Error('open a `.nn` file first');
  if (document.isUntitled || (document.isDirty && !(await document.save()))) {
    throw new Error('save the file first');
  }
  const all = models(document.getText());
  let model = all.find(model => model.name === named);
  if (!model && all.length === 1) model = all[0];
  if (!model && all.length > 1) {
    const here = document === editor?.document ? editor.selection.active.line : 0;
    const first = modelAt(all, here);
    const names = [...all].sort((a, b) => Number(b === first) - Number(a === first));
    const picked = await vscode.window.showQuickPick(
      names.map(model => ({ label: model.name, model })),
      { placeHolder: 'Which model?' },
    );
    if (!picked) return undefined;
    model = picked.model;
  }
  return { document, file: document.uri.fsPath, model };
}

/** What a model is run on: asked for, with the last answer to begin with. */
async function askInputs(
  context: vscode.ExtensionContext,
  { document, model }: Chosen,
  title: string,
): Promise<string | undefined> {
  const key = `inputs ${document.uri.toString()} ${model?.name ?? ''}`;
  const last = context.workspaceState.get<string>(key);
  const typed = await vscode.window.showInputBox({
    title,
    prompt: 'Options: -i NAME=FILE, -i NAME=random, --set NAME=VALUE, --resize …',
    value: last ?? randomInputs(model?.inputs ?? []),
  });
  if (typed !== undefined) await context.workspaceState.update(key, typed);
  return typed;
}

/** Runs `nnc` in a terminal, in the program's folder; its exit status. */
async function inTerminal(name: string, file: string, args: string[]): Promise<number> {
  const task = new vscode.Task(
    { type: 'nnc' },
    vscode.TaskScope.Workspace,
    name,
    'nnc',
    new vscode.ProcessExecution(program(), args, { cwd: folderOf(file) }),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
  const running = await vscode.tasks.executeTask(task);
  return new Promise(resolve => {
    const ended = vscode.tasks.onDidEndTaskProcess(event => {
      if (event.execution !== running) return;
      ended.dispose();
      resolve(event.exitCode ?? 1);
    });
  });
}

/** Where relative paths of data are looked for: the workspace's folder, else the program's. */
function folderOf(file: string): string {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file));
  return folder?.uri.fsPath ?? path.dirname(file);
}

async function run(context: vscode.ExtensionContext, args: readonly unknown[]): Promise<void> {
  const chosen = await choose(args);
  if (!chosen) return;
  const name = chosen.model?.name ?? path.basename(chosen.file);
  const typed = await askInputs(context, chosen, `Run ${name}`);
  if (typed === undefined) return;
  await inTerminal(name, chosen.file, runArguments(chosen.file, chosen.model?.name, typed));
}

async function trace(context: vscode.ExtensionContext, args: readonly unknown[]): Promise<void> {
  const chosen = await choose(args);
  if (!chosen) return;
  const name = chosen.model?.name ?? path.basename(chosen.file);
  const typed = await askInputs(context, chosen, `Trace ${name}`);
  if (typed === undefined) return;
  const dir = await mkdtemp(path.join(tmpdir(), 'nnc-trace-'));
  try {
    const report = path.join(dir, 'report.html');
    const options = traceArguments(chosen.file, chosen.model?.name, typed, report);
    // What went wrong stands in the terminal.
    if ((await inTerminal(`${name} (trace)`, chosen.file, options)) !== 0) return;
    const page = await readFile(report, 'utf8');
    const panel = vscode.window.createWebviewPanel(
      'nnc.trace',
      `Trace of ${name}`,
      vscode.ViewColumn.Beside,
      { enableScripts: true, localResourceRoots: [] },
    );
    panel.webview.html = page;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function summary(shown: Shown, args: readonly unknown[]): Promise<void> {
  const chosen = await choose(args);
  if (!chosen) return;
  const name = chosen.model?.name ?? path.basename(chosen.file);
  const text = await output(summaryArguments(chosen.file, chosen.model?.name), chosen.file);
  await shown.show(`Summary of ${name}`, text);
}

async function layer(shown: Shown): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const at = editor?.selection.active;
  const here =
    editor && at && editor.document.languageId === 'nn'
      ? layerAt(editor.document.lineAt(at.line).text, at.character)
      : undefined;
  const all = layers(await output(['layers', '--color', 'never']));
  let name = all.find(layer => layer.name === here)?.name;
  if (!name) {
    const picked = await vscode.window.showQuickPick(
      all.map(({ name, group, summary }) => ({ label: name, description: group, detail: summary })),
      { placeHolder: 'Which layer?', matchOnDetail: true },
    );
    if (!picked) return;
    name = picked.label;
  }
  await shown.show(name, await output(['layers', name, '--color', 'never']));
}

/** What `nnc` writes to its standard output; where it writes nothing there, its errors are thrown. */
function output(args: string[], file?: string): Promise<string> {
  const cwd = file ? folderOf(file) : undefined;
  return new Promise((resolve, reject) => {
    execFile(program(), args, { cwd, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (stdout) resolve(stdout);
      else if (error) reject(new Error(stderr.trim() || error.message));
      else resolve(stderr);
    });
  });
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Texts that are shown beside the program. */
class Shown implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? '';
  }

  async show(title: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: OUTPUT, path: `/${title}.txt` });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: true,
    });
  }
}
