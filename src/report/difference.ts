import type { ChalkInstance } from 'chalk';
import type { Outcome } from '../explore/outcome.ts';
import {
  type Comparison,
  type Declared,
  differs,
  type Fate,
  isKnown,
  type PartChange,
  type PropertyChange,
  type ShownFinals,
  type ShownGroup,
} from '../verdict/difference.ts';
import type { Run } from '../verdict/run.ts';
import { showChange } from './change.ts';
import { counterexampleLines } from './terminal/counterexample.ts';
import { familiesOf } from './terminal/families.ts';
import { scheduleLines } from './terminal/schedule.ts';
import { counted, plain, wrap } from './text.ts';

export interface Comparisons {
  readonly comparisons: readonly Comparison[];
  /** Variants that only one has. */
  readonly onlyOld: readonly string[];
  readonly onlyNew: readonly string[];
}

export interface DifferenceOptions {
  readonly columns: number;
  readonly chalk: ChalkInstance;
}

/** Lines that a counterexample may take, and the schedule of a final state, if they can. */
const COUNTEREXAMPLE = 42;
const BUDGET = 20;
/** Groups of final states without a schedule of their own that are told of in a line or two. */
const MOST_BRIEF = 12;

export function differenceLines(
  { comparisons, onlyOld, onlyNew }: Comparisons,
  options: DifferenceOptions,
): string[] {
  const blocks = comparisons.map((each) => new Block(each, options).lines());
  const only = [
    ...onlyOld.map((name) => `variant ${plain(name)}: only in old`),
    ...onlyNew.map((name) => `variant ${plain(name)}: only in new`),
  ];
  return [...blocks, only].filter((lines) => lines.length > 0).flatMap(separated);
}

function separated(lines: readonly string[], at: number): string[] {
  return at === 0 ? [...lines] : ['', ...lines];
}

class Block {
  private readonly comparison: Comparison;
  private readonly options: DifferenceOptions;

  constructor(comparison: Comparison, options: DifferenceOptions) {
    this.comparison = comparison;
    this.options = options;
  }

  lines(): string[] {
    const { declared, warnings, properties } = this.comparison.difference;
    const of = (...kinds: string[]) => properties.filter(({ kind }) => kinds.includes(kind));
    const { gained, lost } = this.comparison;
    return [
      ...this.head(),
      ...this.section('properties', this.verdicts(of('always', 'atEnd', 'never', 'assert'))),
      ...this.section(
        'only in one, or other at the start',
        declared.flatMap((each) => this.say(declaredText(each))),
      ),
      ...this.finals('final states gained', gained, 'now'),
      ...this.finals('final states lost', lost, 'old'),
      ...this.section('witnesses', this.verdicts(of('sometimes'))),
      ...this.section('reports', this.verdicts(of('rule'))),
      ...this.section('warnings', [
        ...warnings.gained.flatMap((text) => this.say(`gained: ${text}`)),
        ...warnings.lost.flatMap((text) => this.say(`lost: ${text}`)),
      ]),
    ];
  }

  private head(): string[] {
    const { old, now, difference, finals } = this.comparison;
    const { chalk } = this.options;
    const { untold } = difference;
    const word = differs(difference)
      ? chalk.red.bold('differs')
      : untold.length > 0
        ? chalk.yellow.bold('not known')
        : chalk.green.bold('no difference');
    return [
      ...this.wrapped(`${word}  ${subject(old)} -> ${subject(now)}`, 0),
      ...this.side('old', old, finals.old),
      ...this.side('new', now, finals.now),
      ...this.sizes().flatMap((text) => this.say(`with  ${text}`, 8)),
      ...this.say(`ends  ${finalsInBoth(this.comparison)}, compared by ${this.by()}`, 8),
      ...(untold.length > 0 ? this.say(`open  could not be told: ${untold.join('; ')}`, 8) : []),
    ];
  }

  private side(word: string, { file, variant, verdict, outcome }: Run, ends: number): string[] {
    const text = [`${file}:${variant}`, verdict, ...counts(outcome!, ends)].join(', ');
    return this.say(`${word}   ${text}`, 8);
  }

  /** Parameters once where they are the same. */
  private sizes(): string[] {
    const [old, now] = [this.comparison.old, this.comparison.now].map(({ params }) =>
      Object.entries(params).map(([name, value]) => `${name}=${value}`),
    );
    if (now!.join() === old!.join()) return old!.length === 0 ? [] : [old!.join(', ')];
    return [`old ${old!.join(', ')}`, `new ${now!.join(', ')}`];
  }

  private by(): string {
    const { objects, threads } = this.comparison.compared;
    return `${counted(objects, 'object')} and ${counted(threads, 'thread')} that both have`;
  }

  private section(title: string, lines: readonly string[]): string[] {
    return lines.length === 0 ? [] : ['', this.options.chalk.bold(title), ...lines];
  }

  /** What changed, and the schedules that break what only the new one breaks. */
  private verdicts(changes: readonly PropertyChange[]): string[] {
    const { now, fates } = this.comparison;
    // What is not known is said above.
    const told = changes.filter(
      (each) => isKnown(each) || each.from === 'violated' || each.to === 'violated',
    );
    const lines = told.flatMap((change) => [
      ...this.say(`${change.name}: ${changeText(change)}`),
      ...(fates.has(change.name) ? this.wrapped(fateText(fates.get(change.name)!), 4) : []),
    ]);
    const broken = new Set(
      changes.filter(({ from, to }) => to === 'violated' && from !== to).map(({ name }) => name),
    );
    const counterexamples = now.counterexamples.filter(({ property }) => broken.has(property.name));
    const families = familiesOf({ ...now, counterexamples });
    const shown = families.map((family) =>
      counterexampleLines(now, family, { ...this.options, steps: true, lines: COUNTEREXAMPLE }),
    );
    return [...lines, ...shown.flatMap((each) => ['', ...each])];
  }

  /** @param which of the two has them */
  private finals(title: string, { groups, more }: ShownFinals, which: 'old' | 'now'): string[] {
    const told = groups.filter(({ replay }) => replay !== null);
    const brief = groups.slice(told.length, told.length + MOST_BRIEF);
    const left = groups.slice(told.length + brief.length);
    const ends = left.reduce((sum, group) => sum + group.ends.length, more);
    return this.section(
      title,
      [
        ...told.map((group) => [...this.group(group, which), ...this.way(group)]),
        ...(brief.length > 0 ? [brief.flatMap((group) => this.group(group, which))] : []),
        ...(ends > 0 ? [this.say(`and ${counted(ends, 'final state')} more`)] : []),
      ].flatMap(separated),
    );
  }

  /** What differs from the nearest final state of the other, from old to new. */
  private group({ ends, whole, changes }: ShownGroup, which: 'old' | 'now'): string[] {
    const same = whole === ends.length ? '' : ` (${whole} with what is not compared)`;
    const near =
      which === 'now' ? 'from the nearest in old to it' : 'from it to the nearest in new';
    const how = changes.some(({ other }) => other === null) ? 'the only ones, with' : near;
    const parts = changes.flatMap((each) => this.wrapped(partText(each, which), 4));
    return [...this.say(`${counted(ends.length, 'final state')}${same}, ${how}:`), ...parts];
  }

  private way({ replay, shortest, ends }: ShownGroup): string[] {
    const { steps } = replay!;
    const length = steps.length === 0 ? 'at the start' : counted(steps.length, 'step');
    const which = ends.length > 1 ? 'to the first of them: ' : '';
    const proved = shortest ? '; none shorter' : '; there may be shorter ones';
    const told = { replay: replay!, property: '', explanation: null, messages: NONE };
    const { lines, folded } = scheduleLines(told, { ...this.options, lines: BUDGET });
    const rest = folded ? '; steps that matter little are folded' : '';
    return [
      ...this.wrapped(`${which}${length}${proved}${rest}`, 4),
      ...(steps.length === 0 ? [] : ['', ...lines]),
    ];
  }

  private say(text: string, more = 4): string[] {
    return this.wrapped(text, 2, more);
  }

  /** @param more where all lines but the first begin */
  private wrapped(text: string, indent: number, more = indent + 2): string[] {
    const { columns } = this.options;
    const lines = wrap(plain(text), columns - Math.max(indent, more), 8);
    return lines.map((line, at) => ' '.repeat(at === 0 ? indent : more) + line);
  }
}

const NONE: ReadonlyMap<string, string> = new Map();

function subject({ spec, variant }: Run): string {
  return `${spec}/${variant}`;
}

function counts({ states, transitions, depth, complete, limit }: Outcome, ends: number): string[] {
  return [
    counted(states, 'state'),
    counted(transitions, 'transition'),
    `depth ${depth}`,
    counted(ends, 'final state'),
    complete ? 'complete' : `ended early: ${limit}`,
  ];
}

function finalsInBoth({ difference: { kept }, old, now }: Comparison): string {
  const known = old.outcome!.complete && now.outcome!.complete;
  return `${counted(kept, 'final state')} ${known ? '' : 'seen '}in both`;
}

export function changeText(change: PropertyChange): string {
  const { from, to, kind } = change;
  if (!isKnown(change)) return `${from ?? 'not there'} -> ${to ?? 'not there'}`;
  if (kind === 'sometimes' && from !== null && to !== null)
    return to === 'holds'
      ? 'gained: some state is a witness now'
      : 'lost: no state is a witness now';
  if (kind === 'rule') return to === 'violated' ? 'gained' : 'lost';
  if (from === null) return `only in new: ${to}`;
  if (to === null) return `only in old: ${from}`;
  return `${from} -> ${to}`;
}

function fateText({ steps, runs, stops, message }: Fate): string {
  const schedule = runs > 1 ? `its ${runs} schedules in old` : `its schedule in old`;
  const where = stops && `step ${stops.step}${runs > 1 ? ` of run ${stops.run}` : ''}`;
  return stops
    ? `${schedule}, ${counted(steps, 'step')}: in new ${where} is not possible: ${message}`
    : `${schedule}, in new: ${message}`;
}

function declaredText({ what, name, from, to }: Declared): string {
  if (what === 'unchecked rule') {
    return `rule ${name}: ${to === null ? 'checked only in new' : 'checked only in old'}`;
  }
  const value = (text: string): string => (what === 'thread' || text === '' ? '' : ` (${text})`);
  if (from === null) return `${what} ${name}: only in new${value(to!)}`;
  if (to === null) return `${what} ${name}: only in old${value(from)}`;
  return `${what} ${showChange(name, from, to)}`;
}

function partText({ part, other }: PartChange, which: 'old' | 'now'): string {
  if (other === null) return `${part.name} ${part.what === 'thread' ? '' : '= '}${part.text}`;
  const [from, to] = which === 'now' ? [other, part] : [part, other];
  if (part.what === 'object') return showChange(part.name, from.text, to.text);
  return `${part.name}: ${from.text} -> ${to.text}`;
}
