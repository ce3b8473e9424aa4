/**
 * A change of an object's value, down to what changed in it: fields of a struct by name, elements of
 * a list by what came and went. Works on the values as shown: `{a: 1, b: [x, y]}`.
 */
export function showChange(object: string, from: string, to: string): string {
  const fields = changedFields(from, to);
  if (fields) {
    return fields.map(([name, a, b]) => showChange(`${object}.${name}`, a, b)).join(', ');
  }
  const moved = movedElements(from, to);
  return moved ? `${object}: ${moved}` : `${object}: ${from} -> ${to}`;
}

/** Name, old and new value of the fields that differ; null unless both are structs of one shape. */
function changedFields(from: string, to: string): [string, string, string][] | null {
  const before = parts(from, '{', '}')?.map(field);
  const after = parts(to, '{', '}')?.map(field);
  if (!before || !after || before.length !== after.length) return null;
  if (before.some(([name], i) => name === '' || name !== after[i]![0])) return null;
  const changed = before.flatMap(([name, value], i): [string, string, string][] =>
    value === after[i]![1] ? [] : [[name, value, after[i]![1]]],
  );
  return changed.length > 0 ? changed : null;
}

/** `+ x` or `- x`; null unless the one list is the other with something more. */
function movedElements(from: string, to: string): string | null {
  const before = parts(from, '[', ']');
  const after = parts(to, '[', ']');
  if (!before || !after) return null;
  const gone = without(before, after);
  const come = without(after, before);
  if (gone.length > 0 === come.length > 0) return null;
  const sign = come.length > 0 ? '+' : '-';
  return `${sign} ${[...come, ...gone].join(', ')}`;
}

/** What is left of a list when each element of the other was taken out once. */
function without(list: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return list.filter((element) => {
    const at = rest.indexOf(element);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

function field(part: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^([\w.]+): (.*)$/s.exec(part) ?? [];
  return [name, value];
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
