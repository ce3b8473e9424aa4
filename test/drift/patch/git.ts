import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parsed, Tree } from '../../../src/drift/tree.ts';

export type Files = Readonly<Record<string, string>>;

/** What `git diff` gives between two trees; C is read as the kernel's .gitattributes say. */
export function gitDiff(before: Files, after: Files, ...options: string[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-patch-'));
  try {
    for (const [side, files] of Object.entries({ a: before, b: after })) {
      for (const [file, text] of Object.entries(files)) {
        const place = path.join(folder, side, file);
        mkdirSync(path.dirname(place), { recursive: true });
        writeFileSync(place, text);
      }
    }
    writeFileSync(path.join(folder, 'attributes'), '*.c diff=cpp\n');
    const settings = ['-c', 'core.attributesFile=attributes', '-c', 'core.safecrlf=false'];
    const command = ['diff', '--no-index', '-M', '--no-prefix', ...options, 'a', 'b'];
    execFileSync('git', [...settings, ...command], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return '';
  } catch (error) {
    // It exits with 1 where something differs.
    const { stdout } = error as { stdout: string };
    return stdout.replace(/^(rename|copy) (from|to) [ab]\//gm, '$1 $2 ');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A tree that is on no disk. */
export function treeOf(files: Files): Tree {
  return new (class extends Tree {
    override async text(name: string) {
      return files[name] ?? null;
    }
    override async file(name: string) {
      const text = files[name];
      return text === undefined ? null : parsed(text);
    }
  })('none');
}
