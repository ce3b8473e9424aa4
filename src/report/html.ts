import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { edgesOf } from '../explore/explain/edges.ts';
import type { Explanation } from '../explore/explain.ts';
import type { Outcome, Replay, SiteLocation, StepRecord } from '../explore/outcome.ts';
import type { Diverged } from '../verdict/reproduce.ts';
import type { Counterexample, Run } from '../verdict/run.ts';
import type { Page, PageOutcome, PageRun, PageStep, PageTrace } from './html/data.ts';
import { pack } from './html/pack.ts';
import { distinct } from './places.ts';
import type { Reproduced } from './replay.ts';
import type { Read, Replayed } from './reporter.ts';

/** One page of all runs. */
export function htmlOfRuns(runs: readonly Run[], read: Read): string {
  const files = runs.flatMap((run) => run.files);
  return htmlOf(runs.map(pageRun), files, read);
}

/** One page of kept traces that were run again. */
export function htmlOfReplays(replayed: readonly Replayed[], read: Read): string {
  return htmlOf(replayed.map(replayedRun), [], read);
}

/** A trace in place of a variant: several may be of one. */
function replayedRun({ file, ...replayed }: Replayed): PageRun {
  const run = {
    ...{ file, variant: file, about: null, kernel: null, params: {}, durationMs: 0 },
    ...{ expected: [], unexpected: [], missing: [], outcome: null, properties: [], traces: [] },
  };
  if (!replayed.reproduced) {
    const { message } = replayed as { message: string };
    return { ...run, spec: file, verdict: 'damaged', asExpected: false, message };
  }
  const { trace, variant, replay, reproduction, divergence, explanation, life, wrong } =
    replayed.reproduced;
  const diverged = reproduction.result === 'diverged';
  const recorded = variant === trace.variant ? '' : `, recorded on ${trace.variant}`;
  return {
    ...run,
    spec: trace.spec.name,
    about: `variant ${variant}${recorded}`,
    params: trace.params,
    verdict: life.word,
    asExpected: wrong === null,
    message: [
      diverged ? divergenceText(reproduction, divergence) : life.line,
      ...(wrong === null ? [] : [wrong]),
    ].join('\n'),
    traces: [
      {
        passes: false,
        property: trace.property,
        message: trace.message,
        shortest: false,
        fewestSwitches: false,
        file,
        ...traceOf(
          diverged ? upTo(replay, reproduction) : replay,
          explanation ?? { edges: [], orders: [], weight: [] },
        ),
      },
    ],
  };
}

/** The steps before the one at which a trace and its replay part. */
function upTo(replay: Replay, { run, step }: Diverged): Replay {
  const runs = [...replay.earlier, replay.steps].slice(0, run);
  const steps = runs.pop() ?? [];
  return { ...replay, earlier: runs, steps: steps.slice(0, step - 1), broken: [] };
}

function divergenceText(
  { step, message, possible }: Diverged,
  divergence: Reproduced['divergence'],
): string {
  const instead = possible.length > 0 ? possible.join(', ') : 'nothing';
  const changes = (divergence?.changes ?? []).map(
    ({ file, line, was, now }) => `${file}:${line}\n- ${was}\n+ ${now?.text ?? ''}`,
  );
  return [`step ${step} diverges: ${message}. Possible there: ${instead}`, ...changes].join('\n');
}

function pageRun({ outcome, counterexamples, samples, ...run }: Run): PageRun {
  const { files: _, exitCode: __, ...about } = run;
  return {
    ...about,
    outcome: outcome && pageOutcome(outcome),
    properties: (outcome?.properties ?? []).map(({ name, kind, verdict, message }) => {
      return { name, kind, verdict, message };
    }),
    traces: [...counterexamples.map(pageTrace), ...passing(samples)],
  };
}

/** Schedules that break nothing, after those that do. */
function passing(samples: Run['samples']): PageTrace[] {
  return (samples?.schedules ?? []).map(({ replay, ends }, at) => ({
    passes: true,
    property: `passing schedule ${at + 1}`,
    message: ends ? 'Nothing can move after it.' : 'It was cut: it goes on.',
    ...{ shortest: false, fewestSwitches: false, file: null },
    ...traceOf(replay, { edges: edgesOf(replay.steps), orders: [], weight: [] }),
  }));
}

function pageOutcome({ properties: _, reached, ...outcome }: Outcome): PageOutcome {
  const lines: Record<string, number[]> = {};
  for (const file of [...new Set(reached.map((site) => site.file))].sort()) {
    const own = reached.filter((site) => site.file === file).map(({ line }) => line);
    lines[file] = [...new Set(own)].sort((a, b) => a - b);
  }
  return { ...outcome, reached: lines };
}

function pageTrace({ property, replay, explanation, trace }: Counterexample): PageTrace {
  const { name, message, shortest, fewestSwitches } = property;
  const about = { property: name, message: message ?? '', shortest, fewestSwitches, file: trace };
  return { passes: false, ...about, ...traceOf(replay, explanation) };
}

function traceOf({ threads, initial, earlier, steps, broken }: Replay, explanation: Explanation) {
  return {
    threads,
    initial: initial.map(({ name, text }) => ({ name, text })),
    runs: [...earlier, steps].map((run) => run.map(pageStep)),
    broken: broken.map((each) => ({ ...each, places: distinct(each.places) })),
    explanation: {
      ...explanation,
      orders: explanation.orders.map(({ schedule: _, ...order }) => order),
    },
  };
}

function pageStep({
  operation: _,
  stack: __,
  site,
  objects: ___,
  calls,
  changes,
  ...step
}: StepRecord): PageStep {
  return {
    ...step,
    calls: calls.length > 0 || site === null ? calls : [site],
    changes: changes.map(({ object, from, to }) => ({ object, from, to })),
  };
}

/** The texts of all files that the page speaks of. */
function sourcesOf(
  runs: readonly PageRun[],
  files: readonly string[],
  read: Read,
): Page['sources'] {
  const named = new Set(files);
  const name = (sites: readonly SiteLocation[]) => {
    for (const { file } of sites) named.add(file);
  };
  for (const { outcome, traces } of runs) {
    for (const trace of traces) {
      for (const step of trace.runs.flat()) name(step.calls);
      for (const place of trace.broken.flatMap(({ places }) => places)) name(place.calls);
    }
    if (outcome) name([...outcome.unreached, ...outcome.leftOut, ...outcome.explained]);
  }
  const texts = [...named].sort().map((file) => [file, read(file)] as const);
  return Object.fromEntries(texts.filter(([, text]) => text !== null)) as Page['sources'];
}

/** The page loads nothing and runs no code but its own, whatever a spec has in its names. */
function htmlOf(runs: readonly PageRun[], files: readonly string[], read: Read): string {
  const style = built('page.css');
  const script = built('page.js');
  const policy = [
    "default-src 'none'",
    `style-src '${digest(style)}'`,
    `script-src '${digest(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const data = JSON.stringify(
    pack({ runs, sources: sourcesOf(runs, files, read) } satisfies Page),
  ).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lockstep report</title>
<style>${style}</style>
</head>
<body>
<noscript>This report draws itself with JavaScript, which is off.</noscript>
<script type="application/json" id="data">${data}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** What `npm run build` made of src/report/html/browser. */
function built(name: string): string {
  return readFileSync(new URL(`../../dist/html/${name}`, import.meta.url), 'utf8').trim();
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
