import { execFile } from 'node:child_process';
import { readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type CFunction, functionsIn } from './functions.ts';

const run = promisify(execFile);

/** A C file of a tree, with what it defines. */
export interface CFile {
  readonly text: string;
  readonly functions: readonly CFunction[];
}

/** A folder with a kernel in it, or with some files of one. Each file is read once. */
export class Tree {
  readonly folder: string;
  private readonly files = new Map<string, Promise<CFile | null>>();
  private readonly past = new Map<string, Promise<CFile | null>>();
  private repository: Promise<boolean> | null = null;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Null where there is no such file. @throws the file system's error if it cannot be read */
  file(name: string): Promise<CFile | null> {
    const known = this.files.get(name) ?? this.read(name);
    this.files.set(name, known);
    return known;
  }

  /** The file as it was in a version that the tree has the history of; null where it has not. */
  fileOf(version: string, name: string): Promise<CFile | null> {
    const key = `${version}:./${name}`;
    const known = this.past.get(key) ?? this.show(key);
    this.past.set(key, known);
    return known;
  }

  /** `v5.3`, as the kernel's own Makefile has it; null where there is none. */
  async version(): Promise<string | null> {
    const text = await readFile(path.join(this.folder, 'Makefile'), 'utf8').catch(() => '');
    const of = (name: string) => new RegExp(`^${name} *= *(\\S*) *$`, 'm').exec(text)?.[1];
    const [version, patchlevel, sublevel] = ['VERSION', 'PATCHLEVEL', 'SUBLEVEL'].map(of);
    if (!version || !patchlevel) return null;
    const stable = sublevel && sublevel !== '0' ? `.${sublevel}` : '';
    return `v${version}.${patchlevel}${stable}${of('EXTRAVERSION') ?? ''}`;
  }

  /** The C files that have the word in them. */
  async filesWith(word: string): Promise<string[]> {
    if (await this.isRepository()) {
      // Far faster in all of a kernel. What is not committed is searched, too.
      const search = ['grep', '--untracked', '-lwzF', '-e', word, '--', '*.c', '*.h'];
      const found = await this.git(search).catch((error) =>
        error.code === 1 ? { stdout: '' } : null,
      );
      if (found)
        return found.stdout
          .split('\0')
          .filter((name) => name !== '')
          .sort();
    }
    return this.search('', new RegExp(`\\b${word}\\b`));
  }

  private async search(folder: string, word: RegExp): Promise<string[]> {
    const found: string[] = [];
    const entries = await readdir(path.join(this.folder, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = path.posix.join(folder, entry.name);
      if (entry.isDirectory() && !entry.name.startsWith('.'))
        found.push(...(await this.search(name, word)));
      if (!entry.isFile() || !/\.[ch]$/.test(name)) continue;
      if (word.test(await readFile(path.join(this.folder, name), 'utf8'))) found.push(name);
    }
    return found;
  }

  private async read(name: string): Promise<CFile | null> {
    const text = await this.text(name);
    return text === null ? null : await parsed(text);
  }

  /** Null where there is no such file. @throws the file system's error if it cannot be read */
  async text(name: string): Promise<string | null> {
    try {
      return await readFile(path.join(this.folder, name), 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return null;
      throw error;
    }
  }

  private async show(object: string): Promise<CFile | null> {
    // A name that begins so would be an option.
    if (object.startsWith('-') || !(await this.isRepository())) return null;
    const shown = await this.git(['show', '--no-textconv', object]).catch(() => null);
    return shown && (await parsed(shown.stdout));
  }

  /** The tree is one, or has a part of one; a folder in a repository of something else is none. */
  private isRepository(): Promise<boolean> {
    this.repository ??= this.git(['rev-parse', '--show-toplevel']).then(
      async ({ stdout }) => (await realpath(this.folder)) === (await realpath(stdout.trim())),
      () => false,
    );
    return this.repository;
  }

  private git(args: readonly string[]) {
    // In a hook of git's, these name the repository that the hook is of.
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
    const env = Object.fromEntries(others);
    return run('git', ['-C', this.folder, ...args], { env, maxBuffer: 1 << 28 });
  }
}

export async function parsed(text: string): Promise<CFile> {
  return { text, functions: await functionsIn(text) };
}
