import { pathToFileURL } from 'node:url';
import { hashOf, keepCode } from './cache.ts';
import type { Bundle } from './kept.ts';

/** Modules are imported from files, where these can be written: debuggers like files. */

export async function importLibrary(library: string): Promise<void> {
  await import(/* @vite-ignore */ await urlOf(library));
}

/** Evaluates a spec; its library only if this thread has not yet. */
export async function importSpec({ library, code }: Bundle): Promise<{ default?: unknown }> {
  const beside = await urlOf(library);
  const file = beside.startsWith('file:') ? await keepCode(code) : null;
  const url = file
    ? pathToFileURL(file).href
    : inline(code.replaceAll(`./${hashOf(library)}.mjs`, () => beside));
  return import(/* @vite-ignore */ url);
}

async function urlOf(code: string): Promise<string> {
  const file = await keepCode(code);
  return file ? pathToFileURL(file).href : inline(code);
}

function inline(code: string): string {
  return `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
}
