import { existsSync, readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type {
  Tree as KernelTree,
  Link,
  LinkCheck,
  LinkRecord,
  SpecFile,
} from '../../drift/index.ts';
import { isSpecError } from '../../spec/errors.ts';
import { filesOfCode } from '../../spec/variant-place.ts';
import type { GateCheck } from '../../verdict/gate.ts';
import { linksPath } from '../../verdict/receipt.ts';
import { exitCodes } from '../../verdict/verdict.ts';
import { relative } from '../keep-trace.ts';
import { checkOfPatch } from './patches.ts';
import type { GateSetting } from './setting.ts';
import { checkOfUnloaded } from './variant.ts';

/** Whether the specs still describe the C that they name. */

/** A spec with the files whose links are its own. */
interface Linked {
  readonly spec: string;
  /** Of the spec, as shown to people. */
  readonly file: string;
  readonly files: readonly SpecFile[];
  /** From the folder of the project. */
  readonly recordFile: string;
}

export async function checkLinks(setting: GateSetting): Promise<void> {
  const { project, options, context, tell, patches } = setting;
  const specs = specsWithFiles(setting);
  const kept = await recordFiles(project.folder);
  if (project.specs.every(({ loaded }) => loaded)) {
    const known = new Set(specs.map(({ recordFile }) => recordFile));
    for (const file of kept) if (!known.has(file)) await settleLost(file, setting);
  }
  const used = specs.filter(
    ({ files, recordFile }) => kept.has(recordFile) || files.some(({ text }) => TAG.test(text)),
  );
  if (used.length === 0 && patches.length === 0) return;
  // Not above: most projects have no links.
  const { driftOf, Tree } = await import('../../drift/index.ts');
  const linked: Known[] = [];
  for (const spec of used) linked.push(...(await known(spec, setting)));
  let tree = options.tree === null ? null : new Tree(path.resolve(context.cwd, options.tree));
  let after: KernelTree | null = null;
  if (patches.length > 0) {
    const { patchesTouch } = await import('../../drift/patch/index.ts');
    const links = linked.flatMap((each) => each.links);
    const recorded = linked.flatMap((each) => each.recorded);
    const result = await patchesTouch(patches, links, recorded, tree);
    const owners = new Map(
      linked.flatMap(({ spec, links: own }) => own.map(({ specFile }) => [specFile, spec.spec])),
    );
    for (const check of result.checks) tell(checkOfPatch(check, owners, setting));
    // What they leave of it is what is accepted; else it may be asked as it is.
    if (options.accept) tree = result.tree;
    else after = result.tree;
  }
  for (const { spec, links, recorded } of linked) {
    let checks = await driftOf(links, recorded, tree);
    // A record may be of what the patches leave: that is how they were accepted.
    if (after) checks = asRecorded(checks, await driftOf(links, recorded, after));
    for (const check of checks) tell(checkOfLink(check, spec, setting));
    await record(checks, recorded, spec, setting);
  }
}

function asRecorded(before: readonly LinkCheck[], after: readonly LinkCheck[]): LinkCheck[] {
  return before.map((check, at) => (check.ok ? check : after[at]!.ok ? after[at]! : check));
}

interface Known {
  readonly spec: Linked;
  readonly links: readonly Link[];
  readonly recorded: readonly LinkRecord[];
}

/** The links of a spec and their records; nothing if the links are none. */
async function known(spec: Linked, setting: GateSetting): Promise<Known[]> {
  const { linksIn, LinksError, readLinks } = await import('../../drift/index.ts');
  const { project, tell } = setting;
  let recorded: LinkRecord[] = [];
  try {
    recorded = await readLinks(path.join(project.folder, spec.recordFile), spec.recordFile);
  } catch (error) {
    if (!(error instanceof LinksError)) throw error;
    tell(refused(spec, error.message, setting));
  }
  try {
    return [{ spec, links: linksIn(spec.files), recorded }];
  } catch (error) {
    if (!isSpecError(error)) throw error;
    const unlinked = { place: '', file: spec.file, loaded: null, message: error.message };
    tell({ ...checkOfUnloaded(unlinked), kind: 'link', spec: spec.spec });
    return [];
  }
}

const TAG = /@models\b/;

/** A file that several specs import belongs to the one in whose folder it is. */
function specsWithFiles({ project }: GateSetting): Linked[] {
  const loaded = project.specs.flatMap(({ loaded, place, file }) =>
    loaded ? [{ name: loaded.spec.name, place, file, places: filesOfCode(loaded.code) }] : [],
  );
  const owner = new Map<string, string>();
  for (const { place, places } of loaded) {
    const isNearer = (each: string) =>
      path.dirname(place) === path.dirname(each) && path.basename(place) === 'spec.ts';
    for (const each of places) if (!owner.has(each) || isNearer(each)) owner.set(each, place);
  }
  return loaded.map(({ name, place, file, places }) => ({
    spec: name,
    file,
    files: places
      .filter((each) => owner.get(each) === place)
      .map((each) => ({ file: relative(project.folder, each), text: readFileSync(each, 'utf8') })),
    recordFile: `receipts/${linksPath(name)}`,
  }));
}

async function recordFiles(folder: string): Promise<Set<string>> {
  const receipts = path.join(folder, 'receipts');
  const names = existsSync(receipts) ? await readdir(receipts, { recursive: true }) : [];
  const files = names.filter((name) => path.basename(name) === path.basename(linksPath('')));
  return new Set(files.sort().map((name) => ['receipts', ...name.split(path.sep)].join('/')));
}

function checkOfLink(check: LinkCheck, { spec, file }: Linked, setting: GateSetting): GateCheck {
  const { link, subject, word, ok, reason, details } = check;
  const { project, options, context } = setting;
  const taken = options.accept && !ok && isAcceptable(check, setting);
  return {
    kind: 'link',
    spec,
    subject,
    file: link ? relative(context.cwd, path.resolve(project.folder, link.specFile)) : file,
    line: link?.specLine ?? null,
    word: taken ? 'accepted' : word,
    ...{ reason, details },
    exitCode: ok || taken ? exitCodes.asExpected : exitCodes.unexpected,
    from: options.tree === null ? 'receipt' : 'run',
    run: null,
  };
}

/** What there is no C of cannot be recorded; a link that is gone can be forgotten. */
function isAcceptable({ word, record }: LinkCheck, { options }: GateSetting): boolean {
  return word === 'no link' || (options.tree !== null && record !== null);
}

/** What is as it was is recorded as it is; all else when that is accepted. */
async function record(
  checks: readonly LinkCheck[],
  recorded: readonly LinkRecord[],
  { recordFile }: Linked,
  setting: GateSetting,
): Promise<void> {
  const { keyOf, printLinks, writeLinks } = await import('../../drift/index.ts');
  const { options, project, wrote } = setting;
  if (options.tree === null && !options.accept) return;
  // A spec that was changed for a patch is recorded with it.
  if (options.patch.length > 0 && !options.accept) return;
  const now = new Map(recorded.map((each) => [keyOf(each), each]));
  const links = new Set(checks.flatMap(({ link }) => (link ? [keyOf(link)] : [])));
  for (const check of checks) {
    if (!check.link || !check.record) continue;
    const taken = check.word === 'unchanged' || (options.accept && isAcceptable(check, setting));
    if (taken) now.set(keyOf(check.link), check.record);
  }
  if (options.accept) for (const key of now.keys()) if (!links.has(key)) now.delete(key);
  if (printLinks([...now.values()]) === printLinks(recorded)) return;
  await writeLinks(path.join(project.folder, recordFile), [...now.values()]);
  wrote(recordFile);
}

function refused(
  { spec, recordFile }: Linked,
  reason: string,
  { options }: GateSetting,
): GateCheck {
  const isMadeAnew = options.accept && options.tree !== null;
  return {
    kind: 'receipt',
    spec,
    subject: recordFile,
    file: recordFile,
    line: null,
    word: isMadeAnew ? 'accepted' : 'refused',
    reason,
    details: isMadeAnew ? [] : ['to make it anew: lockstep gate --tree LINUX --accept'],
    exitCode: isMadeAnew ? exitCodes.asExpected : exitCodes.unexpected,
    from: 'run',
    run: null,
  };
}

/** The links of a spec that is gone. */
async function settleLost(file: string, { project, options, tell, wrote }: GateSetting) {
  const { accept } = options;
  tell({
    kind: 'receipt',
    spec: file.split('/')[1]!,
    subject: file,
    file,
    line: null,
    word: accept ? 'accepted' : 'weakened',
    reason: 'there is no such spec any more, and so none of its links to the C',
    details: accept ? [] : ['if it is meant: lockstep gate --accept'],
    exitCode: accept ? exitCodes.asExpected : exitCodes.unexpected,
    from: 'run',
    run: null,
  });
  if (!accept) return;
  await rm(path.join(project.folder, file), { recursive: true });
  wrote(file);
}
