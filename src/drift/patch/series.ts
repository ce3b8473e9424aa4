import { digestOf } from '../digest.ts';
import type { Link, LinkRecord } from '../link.ts';
import type { Tree } from '../tree.ts';
import { type Applied, apply } from './apply.ts';
import { PatchError } from './diff.ts';
import { judge, type PatchCheck, type PatchWord } from './judge.ts';
import { PatchedTree } from './patched-tree.ts';
import { pathsOf } from './paths.ts';
import type { Change, Patch } from './read.ts';
import {
  type Patched,
  RecordedFunction,
  type Touch,
  type Touched,
  touchInTree,
} from './touched.ts';

/** A link with where its function is by now. */
interface Followed {
  readonly link: Link;
  readonly record: LinkRecord | null;
  readonly lines: RecordedFunction;
  home: string | null;
}

/** What is judged when all patches are known. */
interface Found {
  readonly about: Pick<PatchCheck, 'patch' | 'file' | 'line'>;
  readonly followed: Followed;
  readonly touch: Touch;
}

/** Patches one after the other, each on top of those before. */
export class Series {
  /** As the patches leave it; null: there is none. */
  readonly tree: PatchedTree | null;
  private readonly links: readonly Followed[];
  private readonly found: (PatchCheck | Found)[] = [];

  constructor(links: readonly Link[], recorded: readonly LinkRecord[], tree: Tree | null) {
    this.tree = tree && new PatchedTree(tree);
    this.links = links.map((link) => {
      const record = recordOf(link, recorded);
      const lines = new RecordedFunction(link.cFunction, record);
      return { link, record, lines, home: link.cFile };
    });
  }

  async add({ title, file, line, fault, no, changes }: Patch): Promise<void> {
    const about = { patch: title, file, line };
    const tell = (word: PatchWord, ok: boolean, reason: string) =>
      this.found.push({ ...about, link: null, word, ok, reason, details: [] });
    const before = this.found.length;
    if (fault) tell('damaged', false, `${fault.where}: ${fault.message}`);
    else if (no !== null) tell('no patch', true, '');
    for (const step of await this.stepsOf(changes)) {
      const faults: string[] = [];
      const touches = this.tree
        ? await this.inTree(step, this.tree, faults)
        : this.links.map(({ lines, home }) => home && lines.touch(home, step));
      for (const reason of faults) tell('does not apply', false, reason);
      for (const [at, followed] of this.links.entries()) {
        const touch = touches[at];
        if (!touch) continue;
        this.found.push({ about, followed, touch });
        followed.home = touch.home;
      }
    }
    if (this.found.length === before) tell('touches none', true, 'touches no modelled function');
  }

  async checks(): Promise<PatchCheck[]> {
    const recorded = new Set<Followed>();
    const applied = this.found.every((each) => 'touch' in each || each.ok);
    for (const each of this.links) {
      if (this.tree && applied && (await this.isRecorded(each, this.tree))) recorded.add(each);
    }
    return this.found.map((each) => {
      if (!('touch' in each)) return each;
      const { about, followed, touch } = each;
      const { link, record } = followed;
      const state = recorded.has(followed) ? 'after' : this.tree ? 'tree' : 'lines';
      return { ...about, link, ...judge(touch, link, record, state) };
    });
  }

  /** Whether the record is of what the patches leave, as it is once they were accepted. */
  private async isRecorded({ link, record, home }: Followed, tree: Tree): Promise<boolean> {
    const functions = home === null ? [] : ((await tree.file(home))?.functions ?? []);
    return digestOf(functions.filter(({ name }) => name === link.cFunction)) === record?.digest;
  }

  /** The changes in order, a new step where a file comes again. */
  private async stepsOf(changes: readonly Change[]): Promise<Touched[][]> {
    const steps: Touched[][] = [];
    const known = async (path: string) => ((await this.tree?.text(path)) ?? null) !== null;
    const linked = this.links.flatMap(({ link, home }) =>
      home === null || home === link.cFile ? [link.cFile] : [link.cFile, home],
    );
    let seen = new Set<string>();
    for (const change of changes) {
      const { from, to } = await pathsOf(change, linked, known);
      const paths = [from, to].filter((path) => path !== null);
      if (steps.length === 0 || paths.some((path) => seen.has(path))) {
        steps.push([]);
        seen = new Set();
      }
      for (const path of paths) seen.add(path);
      steps.at(-1)!.push({ from, to, change });
    }
    return steps;
  }

  /** Applies the changes to the tree; `faults` gets what does not apply. */
  private async inTree(step: readonly Touched[], tree: PatchedTree, faults: string[]) {
    const near = this.links.filter(({ home }) => home !== null && isIn(step, home));
    const names = new Set(near.map(({ link }) => link.cFunction));
    const functionsOf = async (path: string | null) => {
      const text = path === null ? null : await tree.text(path);
      const isNamed = text !== null && [...names].some((name) => text.includes(name));
      return isNamed ? (await tree.file(path!))!.functions : [];
    };
    const applied: (Omit<Patched, 'after'> & Touched)[] = [];
    for (const { from, to, change } of step) {
      try {
        const isNeeded = near.some(({ home }) => home === from || home === to);
        const done = await appliedTo(tree, { from, to, change }, isNeeded);
        // A copy is a new file, whatever it is made of.
        const old = change.copy ? null : from;
        const before = await functionsOf(old);
        if (done) applied.push({ from: old, to, change, applied: done, before });
      } catch (error) {
        if (!(error instanceof PatchError)) throw error;
        faults.push(`${change.where([error.row])}: ${error.message}`);
      }
    }
    for (const { from, to, applied: done } of applied) {
      if (from !== null && from !== to) tree.write(from, null);
      if (to !== null) tree.write(to, done.text);
    }
    const patched: Patched[] = [];
    for (const file of applied) patched.push({ ...file, after: await functionsOf(file.to) });
    return this.links.map(({ link, home }) => home && touchInTree(link.cFunction, home, patched));
  }
}

function isIn(files: readonly Touched[], home: string): boolean {
  return files.some(({ from, to }) => from === home || to === home);
}

/** Null: it cannot be applied, since the tree has no such file, and no spec needs it. */
async function appliedTo(
  tree: Tree,
  { from, to, change }: Touched,
  isNeeded: boolean,
): Promise<Applied | null> {
  const before = from === null ? null : await tree.text(from);
  if (!isNeeded && (change.binary || (from !== null && before === null))) return null;
  if (from !== null && before === null) {
    throw new PatchError(change.row, `the tree has no ${from}`);
  }
  if (from === null && (await tree.text(to!)) !== null) {
    throw new PatchError(change.row, `${to} is to be made, and the tree has it already`);
  }
  if (change.binary) throw new PatchError(change.row, `${to ?? from} is patched as a binary file`);
  return apply((before ?? '').replaceAll('\r\n', '\n'), change, from ?? to!);
}

/** A link that already says where a patch moves its function was recorded where it was. */
function recordOf(link: Link, recorded: readonly LinkRecord[]): LinkRecord | null {
  const same = recorded.filter(
    ({ cFunction, specFile, specFunction }) =>
      cFunction === link.cFunction &&
      specFile === link.specFile &&
      specFunction === link.specFunction,
  );
  return same.find(({ cFile }) => cFile === link.cFile) ?? same[0] ?? null;
}
