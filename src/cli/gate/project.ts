import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isSpecError, UsageError } from '../../spec/errors.ts';
import type { LoadedSpec } from '../../spec/load.ts';
import { readReceipt } from '../../verdict/read-receipt.ts';
import { RECEIPT_ENDING, type Receipt, ReceiptError, receiptPath } from '../../verdict/receipt.ts';
import type { Fate } from '../../verdict/weakened.ts';
import { type Check, damaged, type Task, tasksOf } from '../check-traces.ts';
import type { Context } from '../context.ts';
import type { Engine } from '../engine.ts';
import { findSpecs } from '../find-specs.ts';
import { tracesBelow } from '../find-traces.ts';
import { relative } from '../keep-trace.ts';

/** What a gate finds below a folder: specs with their variants, kept traces, receipts. */
export interface Project {
  /** As a path. */
  readonly folder: string;
  readonly specs: readonly Entry[];
  readonly items: readonly Item[];
  /** Traces that are tried on no variant of these specs, or cannot be read. */
  readonly others: readonly (Task | Check)[];
  /** Receipts of no variant that there is. */
  readonly orphans: readonly Found[];
  /** What there is of a kept trace, named from the folder. */
  readonly fateOf: (trace: string) => Fate;
}

/** A spec file: loaded, or the reason why it is not. */
export interface Entry {
  readonly place: string;
  /** As shown to people. */
  readonly file: string;
  readonly loaded: LoadedSpec | null;
  readonly message: string;
}

/** A variant, with what is asked of it. */
export interface Item {
  readonly loaded: LoadedSpec;
  /** The file of the spec, as shown to people. */
  readonly file: string;
  readonly variant: string;
  readonly tasks: readonly Task[];
  /** The file of its receipt, from the folder of the project. */
  readonly receiptFile: string;
  /** Null: there is none. */
  readonly receipt: Receipt | Refused | null;
  /** Another variant whose receipt would have the same file. */
  readonly twin: string | null;
}

/** Why a receipt is not believed. */
export interface Refused {
  readonly refused: string;
}

/** A file of a receipt. */
export interface Found {
  /** From the folder of the project. */
  readonly file: string;
  readonly receipt: Receipt | Refused;
}

export async function findProject(dir: string, context: Context, engine: Engine): Promise<Project> {
  const folder = path.resolve(context.cwd, dir);
  if (!existsSync(path.join(folder, 'specs'))) {
    throw new UsageError(`there is no folder 'specs' in ${dir === '.' ? 'this folder' : dir}`);
  }
  const specs = await loadAll(folder, context, engine);
  const { tasks, unreadable, files } = await findTasks(folder, context);
  const receipts = await findReceipts(folder);
  const items = withTwins(specs.flatMap((entry) => itemsOf(entry, tasks, receipts)));
  const used = new Set(items.map(({ receiptFile }) => receiptFile));
  const assigned = new Set(items.flatMap((item) => item.tasks));
  const invalid = new Set(
    specs.filter(({ loaded }) => !loaded).map(({ file }) => named(folder, file, context)),
  );
  // Of a spec that does not load, nobody knows which variants it has.
  const isLost = ({ receipt }: Found) =>
    'refused' in receipt ? invalid.size === 0 : !invalid.has(receipt.spec.file);
  return {
    folder,
    specs,
    items,
    others: [...tasks.filter((task) => !assigned.has(task)), ...unreadable],
    orphans: [...receipts.values()].filter((each) => !used.has(each.file) && isLost(each)),
    fateOf: (trace) =>
      !files.has(trace)
        ? 'gone'
        : unreadable.some(({ file }) => named(folder, file, context) === trace)
          ? 'unreadable'
          : 'kept',
  };
}

/** A file as receipts have it. */
export function named(folder: string, file: string, { cwd }: Context): string {
  return relative(folder, path.resolve(cwd, file));
}

async function loadAll(folder: string, { cwd }: Context, engine: Engine): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const place of await placesOfSpecs(folder)) {
    const file = relative(cwd, place);
    try {
      const loaded = await engine.load(place);
      const twin = entries.find((entry) => entry.loaded?.spec.name === loaded.spec.name);
      const message = twin ? `${twin.file} has a spec of the same name, '${loaded.spec.name}'` : '';
      entries.push({ place, file, loaded: twin ? null : loaded, message });
    } catch (error) {
      entries.push({ place, file, loaded: null, message: whyUnloaded(error, place, file) });
    }
  }
  return entries;
}

async function placesOfSpecs(folder: string): Promise<string[]> {
  try {
    return await findSpecs(['specs'], folder);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`specs cannot be looked for: ${(error as Error).message}`);
  }
}

/** What is wrong with the file; else the error goes on. */
function whyUnloaded(error: unknown, place: string, file: string): string {
  if (isSpecError(error)) return error.message;
  if (error instanceof UsageError) return error.message.replace(place, file);
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) throw error;
  return `${file} cannot be read (${code})`;
}

interface Tasks {
  readonly tasks: readonly Task[];
  readonly unreadable: readonly Check[];
  /** All traces, named from the folder. */
  readonly files: ReadonlySet<string>;
}

async function findTasks(folder: string, context: Context): Promise<Tasks> {
  const below = path.relative(context.cwd, path.join(folder, 'traces'));
  if (!existsSync(path.join(folder, 'traces'))) {
    return { tasks: [], unreadable: [], files: new Set() };
  }
  const { traces, orphans } = await listed(() => tracesBelow(below, context.cwd), below);
  const wanted = { variant: null, unruled: false, explained: false };
  const all: (Task | Check)[] = [];
  for (const file of traces) all.push(...(await tasksOf(file, wanted, context)));
  return {
    tasks: all.filter((task): task is Task => !('life' in task)),
    unreadable: [
      ...all.filter((task): task is Check => 'life' in task),
      ...orphans.map((file) => damaged(file, `${file} has no trace beside it`)),
    ],
    files: new Set(traces.map((file) => named(folder, file, context))),
  };
}

async function findReceipts(folder: string): Promise<Map<string, Found>> {
  const receipts = path.join(folder, 'receipts');
  if (!existsSync(receipts)) return new Map();
  const below = await listed(() => readdir(receipts, { recursive: true }), 'receipts');
  const names = below.filter((name) => name.endsWith(RECEIPT_ENDING)).sort();
  const found = new Map<string, Found>();
  for (const name of names) {
    const file = ['receipts', ...name.split(path.sep)].join('/');
    found.set(file, { file, receipt: await receiptIn(path.join(folder, file), file) });
  }
  return found;
}

async function receiptIn(place: string, shown: string): Promise<Receipt | Refused> {
  try {
    return await readReceipt(place, shown);
  } catch (error) {
    if (error instanceof ReceiptError) return { refused: error.message };
    throw error;
  }
}

/** Not even a part of what is in a folder is enough. */
async function listed<T>(list: () => Promise<T>, folder: string): Promise<T> {
  try {
    return await list();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`the folder ${folder} cannot be read (${code ?? message})`);
  }
}

function itemsOf(
  { loaded, place, file }: Entry,
  tasks: readonly Task[],
  receipts: ReadonlyMap<string, Found>,
): Item[] {
  if (!loaded) return [];
  const own = tasks.filter(({ spec }) => spec !== null && spec.place === place);
  return Object.keys(loaded.spec.variants).map((variant): Item => {
    const receiptFile = `receipts/${receiptPath(loaded.spec.name, variant)}`;
    return {
      ...{ loaded, file, variant, receiptFile, twin: null },
      tasks: own.filter((task) => task.variant === variant),
      receipt: receipts.get(receiptFile)?.receipt ?? null,
    };
  });
}

export function subjectOf({ loaded, variant }: Item): string {
  return `${loaded.spec.name}/${variant}`;
}

/** Also where a file system takes small letters and capitals for the same. */
function withTwins(items: readonly Item[]): Item[] {
  const seen = new Map<string, string>();
  return items.map((item) => {
    const file = item.receiptFile.toLowerCase();
    const twin = seen.get(file) ?? null;
    if (twin === null) seen.set(file, subjectOf(item));
    return { ...item, twin };
  });
}

/** @throws UsageError unless it is a folder */
export function checkIsFolder(dir: string, { cwd }: Context): void {
  const found = statSync(path.resolve(cwd, dir), { throwIfNoEntry: false });
  if (!found) throw new UsageError(`no such folder: ${dir}`);
  if (!found.isDirectory()) throw new UsageError(`not a folder: ${dir}`);
}
