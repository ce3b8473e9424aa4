import { functionsIn } from '../functions.ts';
import type { Link, LinkRecord } from '../link.ts';
import { type Applied, apply } from './apply.ts';
import { PatchError } from './diff.ts';
import { pathsOf } from './paths.ts';
import { type Change, type Patch, patchesIn } from './read.ts';
import { type Patched, RecordedFunction, type Touch, type Touched, touchInTree } from './touched.ts';

/** A file with patches: an mbox, a mail, what `git format-patch` or `git diff` wrote. */
export interface PatchFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Reads a file of the kernel by its path there; null: there is none. */
export type ReadTree = (path: string) => Promise<string | null>;

export type PatchWord =
  /** The C changes, and the spec has changed since it was recorded. */
  | 'both changed'
  | 'changed'
  | 'moved'
  | 'gone'
  | 'cannot be told'
  | 'does not apply'
  | 'damaged'
  | 'touches none'
  | 'no patch';

/** What one patch does to one link. */
export interface PatchCheck {
  /** Null: it is about the patch as a whole. */
  readonly link: Link | null;
  /** The subject of the mail, or the name of the file. */
  readonly patch: string;
  readonly file: string;
  readonly line: number;
  readonly word: PatchWord;
  readonly ok: boolean;
  /** In one line. */
  readonly reason: string;
  /** Lines of the patch, to be printed below. */
  readonly details: readonly string[];
}

export interface PatchResult {
  readonly checks: readonly PatchCheck[];
  /** The tree with all that could be applied; null: there is none. */
  readonly after: ReadTree | null;
}

/** All patches are one series: each is looked at on top of those before. */
export async function patchesTouch(
  files: readonly PatchFile[],
  links: readonly Link[],
  recorded: readonly LinkRecord[],
  tree: ReadTree | null,
): Promise<PatchResult> {
  const series = new Series(links, recorded, tree);
  const checks: PatchCheck[] = [];
  for (const { file, bytes } of files) {
    for (const patch of await patchesIn(file, bytes)) checks.push(...(await series.add(patch)));
  }
  return { checks, after: tree && ((path) => series.read(path)) };
}

/** A link with where its function is by now. */
interface Followed {
  readonly link: Link;
  readonly record: LinkRecord | null;
  readonly lines: RecordedFunction;
  home: string | null;
}

class Series {
  readonly #tree: ReadTree | null;
  readonly #links: readonly Followed[];
  /** Files as patches have left them; null: deleted. */
  readonly #written = new Map<string, string | null>();

  constructor(links: readonly Link[], recorded: readonly LinkRecord[], tree: ReadTree | null) {
    this.#tree = tree;
    this.#links = links.map((link) => {
      const record = recordOf(link, recorded);
      const lines = new RecordedFunction(link.cFunction, record);
      return { link, record, lines, home: link.cFile };
    });
  }

  async read(path: string): Promise<string | null> {
    const written = this.#written.get(path);
    return written === undefined ? ((await this.#tree?.(path)) ?? null) : written;
  }

  async add(patch: Patch): Promise<PatchCheck[]> {
    const { title, file, line, fault, no, changes } = patch;
    const about = { link: null, patch: title, file, line, details: [] };
    if (fault) return [{ ...about, word: 'damaged', ok: false, reason: reasonAt(fault) }];
    if (no !== null) return [{ ...about, word: 'no patch', ok: true, reason: no }];
    const checks: PatchCheck[] = [];
    for (const step of await this.#stepsOf(changes)) {
      const { patched, faults } = this.#tree
        ? await this.#apply(step)
        : { patched: null, faults: [] };
      for (const reason of faults) {
        checks.push({ ...about, word: 'does not apply', ok: false, reason });
      }
      for (const followed of this.#links) {
        const { link, home } = followed;
        if (home === null) continue;
        const touch = patched
          ? touchInTree(link.cFunction, home, patched)
          : followed.lines.touch(home, step);
        if (!touch) continue;
        checks.push({ ...about, link, ...judge(touch, followed, this.#tree !== null) });
        followed.home = touch.home;
      }
    }
    if (checks.length > 0) return checks;
    return [{ ...about, word: 'touches none', ok: true, reason: 'touches no modelled function' }];
  }

  /** The changes in order, a new step where a file comes again. */
  async #stepsOf(changes: readonly Change[]): Promise<Touched[][]> {
    const steps: Touched[][] = [];
    const known = async (path: string) =>
      this.#links.some(({ link, home }) => link.cFile === path || home === path) ||
      (await this.read(path)) !== null;
    let seen = new Set<string | null>();
    for (const change of changes) {
      const { from, to } = await pathsOf(change, known);
      const paths = [from, to].filter((path) => path !== null);
      if (steps.length === 0 || paths.some((path) => seen.has(path))) {
        steps.push([]);
        seen = new Set();
      }
      for (const path of paths) seen.add(path);
      // A copy is a new file, whatever it is made of.
      steps.at(-1)!.push({ from: change.copy ? null : from, to, change });
    }
    return steps;
  }

  async #apply(step: readonly Touched[]): Promise<{ patched: Patched[]; faults: string[] }> {
    const faults: string[] = [];
    const patched: Patched[] = [];
    const near = this.#links.filter(({ home }) =>
      step.some(({ from, to }) => home !== null && (from === home || to === home)),
    );
    const names = new Set(near.map(({ link }) => link.cFunction));
    for (const file of step) {
      try {
        const applied = await this.#applied(file, near);
        if (applied) patched.push(await functionsOf(file, applied.before, applied.applied, names));
      } catch (error) {
        if (!(error instanceof PatchError)) throw error;
        faults.push(`${file.change.where([error.row])}: ${error.message}`);
      }
    }
    for (const { from, to, applied } of patched) {
      if (from !== null && from !== to) this.#written.set(from, null);
      if (to !== null) this.#written.set(to, applied.text);
    }
    return { patched, faults };
  }

  /** Null: the tree has no such file, and no spec needs it. */
  async #applied(
    { from, to, change }: Touched,
    near: readonly Followed[],
  ): Promise<{ before: string; applied: Applied } | null> {
    const base = change.copy ? (await pathsOf(change, () => false)).from : from;
    const before = base === null ? null : await this.read(base);
    if (base !== null && before === null) {
      if (!near.some(({ home }) => home === from || home === to)) return null;
      throw new PatchError(change.row, `the tree has no ${base}`);
    }
    if (base === null && to !== null && (await this.read(to)) !== null) {
      throw new PatchError(change.row, `${to} is to be made, and the tree has it already`);
    }
    if (change.binary) throw new PatchError(change.row, `${to ?? base} is patched as a binary file`);
    const text = (before ?? '').replaceAll('\r\n', '\n');
    return { before: text, applied: apply(text, change, base ?? to!) };
  }
}

async function functionsOf(
  file: Touched,
  before: string,
  applied: Applied,
  names: ReadonlySet<string>,
): Promise<Patched> {
  const functions = async (path: string | null, text: string) =>
    path !== null && [...names].some((name) => text.includes(name)) ? await functionsIn(text) : [];
  return {
    ...file,
    applied,
    before: await functions(file.from, before),
    after: await functions(file.to, applied.text),
  };
}

/** A link that already says where the patch moves its function was recorded where it was. */
function recordOf(link: Link, recorded: readonly LinkRecord[]): LinkRecord | null {
  const same = recorded.filter(
    ({ cFunction, specFile, specFunction }) =>
      cFunction === link.cFunction &&
      specFile === link.specFile &&
      specFunction === link.specFunction,
  );
  return same.find(({ cFile }) => cFile === link.cFile) ?? same[0] ?? null;
}

type Judged = Pick<PatchCheck, 'word' | 'ok' | 'reason' | 'details'>;

function judge(touch: Touch, { link, record }: Followed, inTree: boolean): Judged {
  const { cFile, cFunction, version, specFile, specLine, specFunction } = link;
  const { changed, home, where, lines } = touch;
  const name = `${cFile} ${cFunction}`;
  const spec = `${specFunction} at ${specFile}:${specLine}`;
  const details = shown(lines);
  if (home === null) {
    const reason = `${name} is gone (${where}): change ${spec} and what it says of it in @models`;
    return { word: 'gone', ok: false, reason, details };
  }
  if (home !== cFile) {
    const too = changed === 'no' ? '' : ', and changes';
    const reason = `${name} moves${too} (${where}): write @models ${home} ${cFunction} ${version} at ${specFile}:${specLine}`;
    return { word: 'moved', ok: false, reason, details };
  }
  if (changed === 'no') {
    return { word: 'moved', ok: true, reason: `${name} moves there (${where})`, details: [] };
  }
  if (record && record.specDigest !== link.specDigest) {
    const reason = `${name} changes (${where}), and so did ${spec}: --accept with --tree records it`;
    return { word: 'both changed', ok: true, reason, details: [] };
  }
  if (changed === 'possibly') {
    const reason = `${name} may change (${where}), which cannot be told without --tree; if it does, change ${spec}`;
    return { word: 'cannot be told', ok: false, reason, details };
  }
  const accept = inTree ? '--accept that it stays' : '--accept with --tree that it stays';
  const reason = `${name} changes (${where}), and ${spec} does not: change it too, or ${accept}`;
  return { word: 'changed', ok: false, reason, details };
}

const MOST_LINES = 12;

function shown(lines: readonly string[]): readonly string[] {
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, MOST_LINES - 1), `... and ${lines.length - MOST_LINES + 1} lines`];
}

function reasonAt({ where, message }: { where: string; message: string }): string {
  return `${where}: ${message}`;
}
