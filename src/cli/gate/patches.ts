import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { PatchCheck, PatchFile } from '../../drift/patch/index.ts';
import { UsageError } from '../../spec/errors.ts';
import type { GateCheck } from '../../verdict/gate.ts';
import { exitCodes } from '../../verdict/verdict.ts';
import type { Context } from '../context.ts';
import { relative } from '../keep-trace.ts';
import type { GateSetting } from './setting.ts';

/** @throws UsageError for a file that cannot be read: now, and not after the searches */
export async function readPatches(
  files: readonly string[],
  { cwd }: Context,
): Promise<PatchFile[]> {
  const patches: PatchFile[] = [];
  for (const file of files) {
    try {
      patches.push({ file, bytes: await readFile(path.resolve(cwd, file)) });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === 'ENOENT' ? `no such file: ${file}` : null;
      throw new UsageError(why ?? `${file} cannot be read (${code ?? message})`);
    }
  }
  return patches;
}

/** The row of what is about no link. */
const PATCHES = 'patches';

/** `specs` has the specs by the files of their links. */
export function checkOfPatch(
  check: PatchCheck,
  specs: ReadonlyMap<string, string>,
  setting: GateSetting,
): GateCheck {
  const { link, patch, word, ok, reason, details } = check;
  const { project, context } = setting;
  const taken = !ok && isAcceptable(check, setting);
  const about = link ? `: ${link.cFile} ${link.cFunction}` : '';
  return {
    kind: 'patch',
    spec: (link && specs.get(link.specFile)) ?? PATCHES,
    subject: `${patch}${about}`,
    // Where to look is the spec; the reason names the lines of the patch.
    file: link ? relative(context.cwd, path.resolve(project.folder, link.specFile)) : check.file,
    line: link ? link.specLine : check.line,
    ...{ reason, details },
    word: taken ? 'accepted' : word,
    exitCode: ok || taken ? exitCodes.asExpected : codeOf(check),
    from: 'run',
    run: null,
  };
}

/** What the patches leave of the tree is recorded then; a link to what they move has to be changed. */
function isAcceptable({ word }: PatchCheck, { options }: GateSetting): boolean {
  return options.accept && options.tree !== null && word === 'changed';
}

function codeOf({ word }: PatchCheck) {
  return word === 'cannot be told' ? exitCodes.incomplete : exitCodes.unexpected;
}
