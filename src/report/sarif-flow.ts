import type {
  CodeFlow,
  Location,
  PhysicalLocation,
  Stack,
  ThreadFlow,
  ThreadFlowLocation,
} from 'sarif';
import type { Order, Weight } from '../explore/explain.ts';
import type { SiteLocation, StepRecord } from '../explore/outcome.ts';
import type { Shown, SourceLine } from './check.ts';
import { letterOf, orderText } from './orders.ts';
import { placesOf } from './places.ts';

/** Schedules, call stacks and places as SARIF has them. */

export function locationOf({ file, line }: SourceLine): Location {
  return { physicalLocation: physical(file, line) };
}

function physical(file: string, line: number | null): PhysicalLocation {
  const uri = file.split('/').map(encodeURIComponent).join('/');
  return {
    artifactLocation: file.startsWith('/')
      ? { uri: `file://${uri}` }
      : // The name that CodeQL has for it.
        { uri, uriBaseId: '%SRCROOT%' },
    ...(line !== null && { region: { startLine: line } }),
  };
}

function siteLocation({ file, line, fn }: SiteLocation, text?: string): Location {
  return {
    physicalLocation: physical(file, line),
    logicalLocations: [{ name: fn, kind: 'function' }],
    ...(text !== undefined && { message: { text } }),
  };
}

/** The other places that a report is about, then the orders of steps that matter. */
export function relatedTo({ replay, explanation }: Shown, property: string): Location[] {
  const places = placesOf(replay, property).flatMap(({ what, thread, text, calls }) => {
    const site = calls.at(-1);
    const named = what === '' ? thread : `${what}, ${thread}`;
    return site ? [siteLocation(site, `${named}: ${text}`)] : [];
  });
  const orders = (explanation?.orders ?? []).flatMap((order, at) => {
    const site = siteOf(replay.steps, order);
    const text = `${letterOf(at)}: ${orderText(order, replay.steps)}`;
    return site ? [siteLocation(site, text)] : [];
  });
  return [...places, ...orders].map((location, at) => ({ id: at + 1, ...location }));
}

/** Of the first of the two steps, or else of the other: the kernel's own are nowhere in the spec. */
function siteOf(steps: readonly StepRecord[], { first, then }: Order): SiteLocation | null {
  return steps[first - 1]?.site ?? (then === null ? null : (steps[then - 1]?.site ?? null));
}

export function stacksOf({ replay }: Shown, property: string): Stack[] {
  return placesOf(replay, property)
    .filter(({ calls }) => calls.length > 0)
    .map(({ what, thread, text, calls }) => ({
      message: { text: `${what === '' ? thread : `${what}, ${thread}`}: ${text}` },
      frames: calls.toReversed().map((site) => ({ location: siteLocation(site) })),
    }));
}

/** A code flow for each run, the runs in order; in it a thread flow for each thread that moves. */
export function codeFlowsOf({ replay, explanation }: Shown, spec: string): CodeFlow[] {
  const runs = [...replay.earlier, replay.steps].filter((steps) => steps.length > 0);
  return runs.map((steps, at) => {
    const threads = [...new Set(steps.map(({ thread }) => thread))];
    const weight = steps === replay.steps ? (explanation?.weight ?? []) : [];
    return {
      ...(runs.length > 1 && { message: { text: `run ${at + 1} of ${runs.length}` } }),
      threadFlows: threads.map((thread): ThreadFlow => {
        const own = steps.flatMap((step, i) =>
          step.thread === thread ? [stepLocation(step, i + 1, weight[i], spec)] : [],
        );
        return { id: thread, message: { text: thread }, locations: own };
      }),
    };
  });
}

function stepLocation(
  step: StepRecord,
  number: number,
  weight: Weight | undefined,
  spec: string,
): ThreadFlowLocation {
  const { thread, text, result, site, calls, changes, reports } = step;
  const said = [...new Set(reports.map(({ rule, message }) => `${rule}: ${message}`))];
  const done = result === '' ? text : `${text} = ${result}`;
  const message = [`step ${number}, ${thread}: ${done}`, ...said].join('; ');
  const kinds = kindsOf(step);
  return {
    // What the kernel does by itself is nowhere in the spec.
    location: site
      ? siteLocation(site, message)
      : { physicalLocation: physical(spec, null), message: { text: message } },
    executionOrder: number,
    nestingLevel: Math.max(0, calls.length - 1),
    ...(kinds.length > 0 && { kinds }),
    ...(changes.length > 0 && {
      state: Object.fromEntries(changes.map(({ object, to }) => [object, { text: to }])),
    }),
    ...(weight !== undefined && { importance: importance[weight] }),
  };
}

const importance = ['unimportant', 'unimportant', 'important', 'essential'] as const;

function kindsOf({ taken, dropped, reports }: StepRecord): string[] {
  return [
    ...(taken.length > 0 ? ['acquire'] : []),
    ...(dropped.length > 0 ? ['release'] : []),
    ...(taken.length + dropped.length > 0 ? ['lock'] : []),
    ...(reports.length > 0 ? ['danger'] : []),
  ];
}
