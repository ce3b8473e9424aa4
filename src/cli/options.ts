import { InvalidArgumentError } from 'commander';
import { OPTIMISATIONS, type Optimisation } from '../explore/optimisations.ts';

/** Options as commander hands them to the commands: checked, with every default filled in. */

export interface VerifyOptions {
  /** Empty: all. */
  readonly variant: readonly string[];
  readonly param: Readonly<Record<string, number>>;
  /** Null: as many as pay. */
  readonly workers: number | null;
  readonly reduction: boolean;
  readonly without: readonly Optimisation[];
  readonly maxStates: number | null;
  /** Seconds. */
  readonly maxTime: number | null;
  /** Megabytes. */
  readonly maxMemory: number | null;
  readonly first: boolean;
  /** Folder for traces; false: keep none. */
  readonly traces: string | false;
  readonly json: boolean;
  readonly quiet: boolean;
  /** How many passing schedules to show; null: none. */
  readonly sample: number | null;
  readonly html: string | null;
  /** Files; the ending of each says what it is to be. */
  readonly report: readonly string[];
}

export interface ReplayOptions {
  /** Null: the one that the trace names. */
  readonly variant: string | null;
  readonly html: string | null;
  readonly report: readonly string[];
  /** Walk through the steps as stdin says. */
  readonly step: boolean;
  /** Print the state after so many steps. */
  readonly to: number | null;
  /** Stop there in the author's code, under a debugger. */
  readonly inspect: boolean;
  /** Find traces for the same properties again, and put them in the place of these. */
  readonly rerecord: boolean;
}

export interface DiffOptions {
  readonly param: Readonly<Record<string, number>>;
  readonly maxStates: number | null;
  /** Seconds. */
  readonly maxTime: number | null;
  /** Megabytes. */
  readonly maxMemory: number | null;
  readonly json: boolean;
}

export interface GateOptions {
  /** Verify all, whatever the receipts say, and hold them against it. */
  readonly fresh: boolean;
  /** Record what is claimed less than before. */
  readonly accept: boolean;
  /** Null: as many as pay. */
  readonly workers: number | null;
  /** Seconds for the whole. */
  readonly maxTime: number | null;
  /** Megabytes. */
  readonly maxMemory: number | null;
  /** A kernel tree that the specs are held against; null: none. */
  readonly tree: string | null;
  /** Files with patches of the kernel, as one series. */
  readonly patch: readonly string[];
  /** Folder for traces of what was not expected; null: keep none. */
  readonly traces: string | null;
  readonly report: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
}

export interface TableOptions {
  /** The file that the table goes into; null: stdout. */
  readonly into: string | null;
}

export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most < Number.MAX_SAFE_INTEGER ? ` and at most ${most}` : '';
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}${range}.`);
  };
}

export function seconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= 1e9) return value;
  throw new InvalidArgumentError('It must be a number of seconds above 0.');
}

export function list(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

export function optimisations(
  text: string,
  before: readonly Optimisation[] = [],
): readonly Optimisation[] {
  const known = Object.keys(OPTIMISATIONS) as Optimisation[];
  const named = text.split(',').map((name) => known.find((other) => other === name.trim()));
  if (named.every((name) => name !== undefined)) return [...before, ...named];
  throw new InvalidArgumentError(`It must be one or more of: ${known.join(', ')}.`);
}

export function parameter(
  text: string,
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const [, name, value] = /^([^=]+)=(-?\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (name !== undefined) return { ...before, [name]: Number(value) };
  throw new InvalidArgumentError('It must be name=number, like memcgs=2.');
}
