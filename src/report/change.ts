import { without } from '../model/bag.ts';

/**
 * A change of an object's value, down to what changed in it: fields of a struct by name, elements of
 * a list by what came and went. Works on the values as shown: `{a: 1, b: [x, y]}`.
 */
export function showChange(object: string, from: string, to: string): string {
  return contextChange(object, from, to) ?? change(object, '', from, to, saturation);
}

/** Who runs on a CPU, and who holds its handlers back: the steps of handlers say that themselves. */
export function standsForMachine(object: string): boolean {
  return /^(cpu:\d+|irqs:.+)$/.test(object);
}

/** The same with the values in brief, where that does not make two of them look alike. */
export function briefChange(object: string, from: string, to: string): string {
  return contextChange(object, from, to) ?? change(object, '', from, to, brief);
}

/** The thread whose RCU read-side critical section the object stands for. */
export function readerOf(object: string): string | null {
  return /^rcu:(.+)$/.exec(object)?.[1] ?? null;
}

function contextChange(object: string, from: string, to: string): string | null {
  return readerChange(object, from, to) ?? maskChange(object, to);
}

/** Handlers of which kinds a thread holds back on its CPU. */
function maskChange(object: string, to: string): string | null {
  const thread = /^irqs:(.+)$/.exec(object)?.[1];
  const kinds = ['nobody', 'softirqs', 'softirqs and hardirqs', 'all handlers'][Number(to)];
  return thread === undefined || !kinds ? null : `${thread} holds back ${kinds}`;
}

function readerChange(object: string, from: string, to: string): string | null {
  const reader = readerOf(object);
  if (reader === null || (from === 'NULL') === (to === 'NULL')) return null;
  return to === 'NULL' ? `${reader} leaves its RCU reader` : `${reader} enters an RCU reader`;
}

/** A count that went wrong stays at REFCOUNT_SATURATED (include/linux/refcount.h). */
function saturation(text: string): string {
  return text.replace(/-1073741824\b/g, '-1073741824 (saturated)');
}

type Show = (value: string) => string;

function change(object: string, path: string, from: string, to: string, show: Show): string {
  const fields = changedFields(from, to);
  if (fields) {
    // Fields after the first without the name of the object again.
    return fields
      .map(([name, a, b], i) => change(i === 0 ? object : '', `${path}.${name}`, a, b, show))
      .join(', ');
  }
  const element = changedElement(from, to);
  if (element) {
    const [at, a, b] = element;
    return change(object, `${path}[${at}]`, a, b, show);
  }
  const moved = movedElements(from, to, show);
  if (moved) return `${object}${path}: ${moved}`;
  const [before, after] = [show(from), show(to)];
  if (show === brief && /^(true|false)$/.test(to)) return `${object}${path} -> ${to}`;
  const values = before === after ? [from, to] : [before, after];
  return `${object}${path}: ${values.join(' -> ')}`;
}

/**
 * A value, or a text with values in it, without what is noise to people: fields that hold nothing, and
 * of the elements of a list all but the name that they begin with, where that tells them apart.
 */
export function brief(text: string): string {
  // A function without a name says no more than that there is one.
  return saturation(briefly(text)).replace(/, function(?=[,)])/g, '');
}

function briefly(text: string): string {
  const open = text.search(/[{[]/);
  if (open < 0) return text;
  const close = closing(text, open);
  if (close < 0) return text;
  return (
    text.slice(0, open) + briefValue(text.slice(open, close + 1)) + briefly(text.slice(close + 1))
  );
}

function briefValue(value: string): string {
  const elements = parts(value, '[', ']');
  if (elements) return `[${briefElements(elements).join(', ')}]`;
  const fields = parts(value, '{', '}');
  const full = fields?.filter((part) => !/: (NULL|false|\[\]|\{\})$/.test(part)) ?? [];
  return full.length === 0 ? value : `{${full.map(briefly).join(', ')}}`;
}

function briefElements(elements: readonly string[]): string[] {
  const names = elements.map((element) => {
    const [, first = ''] = field(parts(element, '{', '}')?.[0] ?? '');
    return /^[A-Za-z_][^\s{}[\],]*$/.test(first) ? first : briefly(element);
  });
  return new Set(names).size === names.length ? names : elements.map(briefly);
}

/**
 * Name, old and new value of the fields that differ; null unless both are structs of one shape, but
 * for fields at the end that only one has, as a mark that is set for a while.
 */
function changedFields(from: string, to: string): [string, string, string][] | null {
  const before = parts(from, '{', '}')?.map(field);
  const after = parts(to, '{', '}')?.map(field);
  if (!before || !after) return null;
  const common = Math.min(before.length, after.length);
  const all = before.length > common ? before : after;
  if (all.some(([name]) => name === '') || (common < 2 && all.length > common)) return null;
  if (before.slice(0, common).some(([name], i) => name !== after[i]![0])) return null;
  const changed = all.flatMap(([name], i): [string, string, string][] => {
    const [a, b] = [before, after].map((fields) => fields[i]?.[1] ?? 'none');
    return a === b ? [] : [[name, a!, b!]];
  });
  return changed.length > 0 ? changed : null;
}

/** Where it is, old and new value, if all else in two lists is equal, and it begins with one name. */
function changedElement(from: string, to: string): [number, string, string] | null {
  const before = parts(from, '[', ']');
  const after = parts(to, '[', ']');
  if (!before || !after || before.length !== after.length) return null;
  const [at, ...more] = before.flatMap((element, i) => (element === after[i] ? [] : [i]));
  if (at === undefined || more.length > 0) return null;
  const [a, b] = [before[at]!, after[at]!];
  const same = parts(a, '{', '}')?.[0] === parts(b, '{', '}')?.[0];
  return same && changedFields(a, b) ? [at, a, b] : null;
}

/** `+ x` or `- x`; null unless the one list is the other with something more. */
function movedElements(from: string, to: string, show: Show): string | null {
  const before = parts(from, '[', ']');
  const after = parts(to, '[', ']');
  if (!before || !after) return null;
  const gone = without(before, after);
  const come = without(after, before);
  if (gone.length > 0 === come.length > 0) return null;
  const sign = come.length > 0 ? '+' : '-';
  const moved = show(`[${[...come, ...gone].join(', ')}]`);
  return `${sign} ${moved.slice(1, -1)}`;
}

function field(part: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^([\w.]+): (.*)$/s.exec(part) ?? [];
  return [name, value];
}

/** Where the bracket at `open` is closed; -1: nowhere. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if ('{[('.includes(text[at]!)) depth++;
    if ('}])'.includes(text[at]!)) depth--;
    if (depth === 0) return at;
  }
  return -1;
}

/** The parts between the outer brackets, at the commas outside any inner ones. */
function parts(text: string, open: string, close: string): string[] | null {
  if (!text.startsWith(open) || !text.endsWith(close)) return null;
  const found: string[] = [];
  let depth = 0;
  let part = '';
  for (const letter of text.slice(1, -1)) {
    if ('{[('.includes(letter)) depth++;
    if ('}])'.includes(letter)) depth--;
    if (depth < 0) return null;
    if (letter === ',' && depth === 0) {
      found.push(part.trim());
      part = '';
    } else {
      part += letter;
    }
  }
  if (depth !== 0) return null;
  return part.trim() === '' ? found : [...found, part.trim()];
}
