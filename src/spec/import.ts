import { pathToFileURL } from 'node:url';
import { hashOf, keepCode } from './cache.ts';
import type { Bundle } from './kept.ts';

/** Modules are imported from files, where these can be written: debuggers like files. */

type Import = (url: string) => Promise<{ default?: unknown }>;

/** One for all copies of this module in the process. */
const state = ((globalThis as Record<symbol, unknown>)[Symbol.for('lockstep.import')] ??= {
  load: (url: string) => import(/* @vite-ignore */ url),
}) as { load: Import };

/** How to import, for code that may not itself. */
export function importing(load: Import): void {
  state.load = load;
}

export async function importLibrary(library: string): Promise<void> {
  await state.load(await urlOf(library));
}

/** Evaluates a spec; its library only if this thread has not yet. */
export async function importSpec(bundle: Bundle): Promise<{ default?: unknown }> {
  return state.load(await urlOfSpec(bundle));
}

/** Where a spec's code is imported from. */
export async function urlOfSpec({ library, code }: Bundle): Promise<string> {
  const beside = await urlOf(library);
  const file = beside.startsWith('file:') ? await keepCode(code) : null;
  if (file) return pathToFileURL(file).href;
  return inline(code.replaceAll(`./${hashOf(library)}.mjs`, () => beside));
}

async function urlOf(code: string): Promise<string> {
  const file = await keepCode(code);
  return file ? pathToFileURL(file).href : inline(code);
}

function inline(code: string): string {
  return `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
}
