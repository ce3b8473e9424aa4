import { readFileSync } from 'node:fs';
import { engine } from '../../src/cli/built-in-engine.ts';
import { relative } from '../../src/cli/keep-trace.ts';
import type { Counterexample, Run } from '../../src/verdict/run.ts';
import { judge } from '../../src/verdict/verdict.ts';

/** Runs as `verify-spec` makes them, of the variants of a spec. */
export async function runsOf(
  file: string,
  variants: readonly string[] | null = null,
  overrides: Readonly<Record<string, number>> = {},
): Promise<Run[]> {
  const loaded = await engine.load(file);
  const files = [...loaded.baseline.sites.values()]
    .filter(({ library }) => !library)
    .map((site) => relative(process.cwd(), site.file));
  const runs: Run[] = [];
  for (const variant of variants ?? Object.keys(loaded.spec.variants)) {
    const program = engine.instantiate(loaded, variant, overrides);
    const outcome = await engine.verify(loaded, program, {
      reduction: true,
      workers: 1,
      without: new Set(),
      maxStates: Number.POSITIVE_INFINITY,
      maxTimeMs: Number.POSITIVE_INFINITY,
      maxMemory: null,
      first: false,
      onProgress: () => {},
      signal: new AbortController().signal,
    });
    const counterexamples = outcome.properties.flatMap((property): Counterexample[] => {
      if (property.verdict !== 'violated' || property.schedule === null) return [];
      const replay = engine.replay(program, property.schedule, property.earlier);
      const explanation = engine.explain(program, replay, property.name);
      return [{ property, replay, explanation, trace: `traces/${variant}.trace.json` }];
    });
    const { about = null, kernel = null } = loaded.spec.variants[variant]!;
    const { params, expected } = program;
    runs.push({
      ...{ spec: program.spec, file, files: [...new Set(files)].sort(), variant, about, kernel },
      ...{ params, expected, ...judge(outcome, expected, false), outcome, counterexamples },
      ...{ message: null, durationMs: 1 },
    });
  }
  return runs;
}

/** Text of a file, as the commands give it to reporters. */
export function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
