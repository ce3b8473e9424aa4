import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../spec/errors.ts';
import { RULES_ENDING, rulesFileOf } from '../verdict/trace-rules.ts';

export interface FoundTraces {
  /** As shown to people. */
  readonly traces: readonly string[];
  /** Files of rules whose trace is not there. */
  readonly orphans: readonly string[];
}

/** The traces that the arguments mean: files, and folders with all below them. */
export async function findTraces(given: readonly string[], cwd: string): Promise<FoundTraces> {
  const seen = new Set(given.map((argument) => path.resolve(cwd, argument)));
  // What is below several folders, or was typed too, counts once.
  const isNew = (name: string): boolean => {
    const known = seen.size;
    return seen.add(path.resolve(cwd, name)).size > known;
  };
  const traces: string[] = [];
  const orphans: string[] = [];
  for (const argument of given) {
    const place = path.resolve(cwd, argument);
    const found = statSync(place, { throwIfNoEntry: false });
    if (!found) throw new UsageError(`no such file: ${argument}`);
    if (argument.endsWith(RULES_ENDING)) {
      throw new UsageError(`${argument} holds the rules of a trace; name the trace`);
    }
    if (!found.isDirectory()) {
      traces.push(argument);
      continue;
    }
    const below = await tracesBelow(argument, cwd);
    if (below.traces.length + below.orphans.length === 0) {
      throw new UsageError(`no trace in the folder ${argument}`);
    }
    traces.push(...below.traces.filter(isNew));
    orphans.push(...below.orphans.filter(isNew));
  }
  return { traces, orphans };
}

/** By code unit, so that the order is the same in every locale. */
export async function tracesBelow(folder: string, cwd: string): Promise<FoundTraces> {
  const names = await readdir(path.resolve(cwd, folder), { recursive: true });
  const below = names.map((name) => path.join(folder, name)).sort();
  const traces = below.filter((name) => name.endsWith('.trace.json'));
  const ruled = new Set(traces.map(rulesFileOf));
  const rules = below.filter((name) => name.endsWith(RULES_ENDING));
  return { traces, orphans: rules.filter((name) => !ruled.has(name)) };
}

/** The spec is looked for from the trace upwards, so that a trace finds its own project first. */
export function specOf(trace: { readonly file: string }, file: string, cwd: string): Spec | null {
  const folders: string[] = [];
  let folder = path.dirname(path.resolve(cwd, file));
  while (!folders.includes(folder)) {
    folders.push(folder);
    folder = path.dirname(folder);
  }
  for (const base of [...folders, cwd]) {
    const place = path.join(base, trace.file);
    if (existsSync(place)) return { base, place };
  }
  return null;
}

/** A spec file, and the folder that the paths in its traces start from. */
export interface Spec {
  readonly base: string;
  readonly place: string;
}
