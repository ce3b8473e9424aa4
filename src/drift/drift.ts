import { changeOf } from './change.ts';
import { digestOf, lineDigest } from './digest.ts';
import type { CFunction } from './functions.ts';
import type { Link, LinkCheck, LinkRecord } from './link.ts';
import { lostIn, whyMissing } from './missing.ts';
import { keyOf } from './models.ts';
import { type CFile, Tree } from './tree.ts';

/**
 * What became of each link: of its record, and of the C in a tree if there is one. What does not
 * pass is never left open: without a record nothing is known of a link.
 */
export async function driftOf(
  links: readonly Link[],
  recorded: readonly LinkRecord[],
  tree: Tree | string | null,
): Promise<LinkCheck[]> {
  const records = new Map(recorded.map((record) => [keyOf(record), record]));
  const known = new Set(links.map(keyOf));
  const place = typeof tree === 'string' ? new Tree(tree) : tree;
  const checks: LinkCheck[] = [];
  for (const link of links) {
    const record = records.get(keyOf(link)) ?? null;
    checks.push(place ? await compare(link, record, place) : withoutTree(link, record));
  }
  return [...checks, ...recorded.filter((record) => !known.has(keyOf(record))).map(withoutLink)];
}

/** Of `mm/slab_common.c kmem_cache_destroy v5.3`. */
function subjectOf({ cFile, cFunction, version }: Link | LinkRecord): string {
  return `${cFile} ${cFunction} ${version}`;
}

function withoutLink(record: LinkRecord): LinkCheck {
  const { specFile, specFunction } = record;
  const reason = `${specFunction} in ${specFile} has this link no more; --accept drops its record`;
  const about = { link: null, subject: subjectOf(record), details: [], record: null };
  return { ...about, word: 'no link', ok: false, reason };
}

function withoutTree(link: Link, record: LinkRecord | null): LinkCheck {
  const about = { link, subject: subjectOf(link), details: [], record };
  const why = whyNotRecorded(link, record);
  if (why === null) return { ...about, word: 'recorded', ok: true, reason: '' };
  return { ...about, word: 'not recorded', ok: false, reason: `${why}: ${RECORD_IT}` };
}

const RECORD_IT = 'record it with gate --tree DIR --accept';

function whyNotRecorded({ version }: Link, record: LinkRecord | null): string | null {
  if (!record) return 'the link has no record';
  return record.version === version
    ? null
    : `the record is of ${record.version}, not of ${version}`;
}

async function compare(link: Link, record: LinkRecord | null, tree: Tree): Promise<LinkCheck> {
  const about = { link, subject: subjectOf(link), details: [] };
  try {
    const why = whyNotRecorded(link, record);
    const past = why === null ? null : await recordOfHistory(link, why, tree);
    if (past) return past;
    const file = await tree.file(link.cFile);
    const now = namedIn(file?.functions ?? [], link.cFunction);
    if (now.length === 0) {
      return { ...about, ...(await whyMissing(link, file, record, tree)), ok: false, record: null };
    }
    if (why !== null) return notRecorded(link, why, await tree.version(), file!, now);
    const lost = lostIn(file!, link.cFunction, link.cFile);
    return lost === null
      ? await compareWith(link, record!, now, tree)
      : { ...about, word: 'unreadable', ok: false, reason: lost, record: null };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason = `${link.cFile} cannot be read in the tree (${code ?? message})`;
    return { ...about, word: 'unreadable', ok: false, reason, record: null };
  }
}

function namedIn(functions: readonly CFunction[], name: string): CFunction[] {
  return functions.filter((each) => each.name === name);
}

/** The record of a link that has none, where the tree has the history of its version. */
async function recordOfHistory(link: Link, why: string, tree: Tree): Promise<LinkCheck | null> {
  const past = await tree.fileOf(link.version, link.cFile);
  const then = namedIn(past?.functions ?? [], link.cFunction);
  return then.length > 0 ? notRecorded(link, why, null, past!, then) : null;
}

/** Fails, since nobody can tell what was modelled; but `--accept` can record it. */
function notRecorded(
  link: Link,
  why: string,
  version: string | null,
  file: CFile,
  definitions: readonly CFunction[],
): LinkCheck {
  const about = { link, subject: subjectOf(link), ok: false, details: [] };
  const lost = lostIn(file, link.cFunction, link.cFile);
  if (lost !== null) return { ...about, word: 'unreadable', reason: lost, record: null };
  const fits = isVersion(link.version, version);
  const otherwise = `the tree is ${version}: record it from one of ${link.version}, or link it to ${version}`;
  return {
    ...about,
    word: 'not recorded',
    reason: fits ? `${why}: ${RECORD_IT}` : `${why}, and ${otherwise}`,
    record: fits ? recordOf(link, definitions) : null,
  };
}

/** Whether a tree may be of that version: of one that is no release, or has none, it may. */
function isVersion(wanted: string, version: string | null): boolean {
  return version === null || !/^v\d+\.\d+/.test(wanted) || wanted === version;
}

async function compareWith(
  link: Link,
  record: LinkRecord,
  now: readonly CFunction[],
  tree: Tree,
): Promise<LinkCheck> {
  const about = { link, subject: subjectOf(link), details: [] };
  const doubt = now.find((each) => each.doubt !== null);
  const note = doubt
    ? `taken up to line ${doubt.lastLine} of ${link.cFile}, before the next definition: ${doubt.doubt}`
    : '';
  if (digestOf(now) === record.digest) {
    // As it was: only what the spec says of it may be new.
    const kept = { ...record, version: link.version, specDigest: link.specDigest };
    return { ...about, word: 'unchanged', ok: true, reason: note, record: kept };
  }
  const past = namedIn(
    (await tree.fileOf(record.version, link.cFile))?.functions ?? [],
    link.cFunction,
  );
  const then = digestOf(past) === record.digest ? past : null;
  const { summary, details } = changeOf(link, record, now, then);
  const what = `${link.cFunction} changed since ${record.version}: ${summary}${note && `; ${note}`}`;
  const next = recordOf(link, now);
  if (link.specDigest !== record.specDigest) {
    const reason = `${what}; so did ${link.specFunction}: --accept records it`;
    return { ...about, word: 'both changed', ok: true, reason, details, record: next };
  }
  const reason = `${what}; ${link.specFunction} did not: change it, or say with --accept that it still holds`;
  return { ...about, word: 'changed', ok: false, reason, details, record: next };
}

export function recordOf(link: Link, definitions: readonly CFunction[]): LinkRecord {
  return {
    cFile: link.cFile,
    cFunction: link.cFunction,
    version: link.version,
    specFile: link.specFile,
    specFunction: link.specFunction,
    specDigest: link.specDigest,
    digest: digestOf(definitions),
    definitions: definitions.map(({ conditions, line, normal }) => ({
      conditions,
      line,
      lines: normal.map(lineDigest),
    })),
  };
}
