import type { Receipt } from './receipt.ts';

/** What a variant claims, as its receipt has it. */
export type Claims = Pick<Receipt, 'params' | 'kcsan' | 'unchecked' | 'violates' | 'properties'> & {
  readonly keptTraces: readonly Pick<
    Receipt['keptTraces'][number],
    'file' | 'property' | 'became'
  >[];
};

/** What there is of a trace that is tried on no variant as before. */
export type Fate = 'gone' | 'kept' | 'unreadable';

/**
 * In which ways a variant claims less than its receipt says that it did, in a line each. They make a
 * green run easier, so a person has to want them.
 */
export function weakened(before: Claims, now: Claims, fateOf: (trace: string) => Fate): string[] {
  return [
    ...violations(before, now),
    ...properties(before, now),
    ...checks(before, now),
    ...parameters(before, now),
    ...traces(before, now, fateOf),
  ];
}

function violations(before: Claims, now: Claims): string[] {
  return now.violates
    .filter((name) => !before.violates.includes(name))
    .map((name) => `its violates has '${name}' now, which it did not break before`);
}

/** Rules are always asked, unless unchecked names them; they are listed only where they were broken. */
function properties(before: Claims, now: Claims): string[] {
  const asked = new Map(now.properties.map(({ name, kind }) => [name, kind]));
  return before.properties
    .filter(({ kind }) => kind !== 'rule')
    .flatMap(({ name, kind }) => {
      const other = asked.get(name);
      if (other === undefined) return [`its property '${name}' is gone`];
      // What holds always, holds at the end.
      if (other === kind || (kind === 'atEnd' && other === 'always')) return [];
      return [`its property '${name}' is asked as '${other}' now, and was as '${kind}'`];
    });
}

function checks(before: Claims, now: Claims): string[] {
  const rules = Object.keys(now.unchecked)
    .filter((rule) => !Object.hasOwn(before.unchecked, rule))
    .map((rule) => `the rule '${rule}' is unchecked now: ${now.unchecked[rule]}`);
  const laxer = before.kcsan === 'strict' && now.kcsan === 'default';
  return [...rules, ...(laxer ? ["its kcsan is 'default' now, and was 'strict'"] : [])];
}

/** A new one says nothing of what there was before. */
function parameters(before: Claims, now: Claims): string[] {
  return Object.entries(before.params)
    .filter(([name, value]) => now.params[name] !== value)
    .map(([name, value]) =>
      name in now.params
        ? `its parameter ${name} is ${now.params[name]} now, and was ${value}`
        : `its parameter ${name} is gone, and was ${value}`,
    );
}

function traces(before: Claims, now: Claims, fateOf: (trace: string) => Fate): string[] {
  return before.keptTraces.flatMap(({ file, property, became }) => {
    const same = now.keptTraces.find((each) => each.file === file);
    if (same && same.property !== property) {
      return [`${file} breaks another property now, and broke '${property}'`];
    }
    if (same) {
      const changed = `the rule of ${file} is '${same.became}' now, and was '${became}'`;
      return same.became === became ? [] : [changed];
    }
    const fate = fateOf(file);
    if (fate === 'gone') return [`the kept trace ${file} is gone`];
    // What cannot be read is told by itself.
    if (fate === 'unreadable') return [];
    return [`the rule of ${file} is gone: it had to be '${became}'`];
  });
}
