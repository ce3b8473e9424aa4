/** Chooses a number from 0 to below n. */
export type Choose = (n: number) => number;

interface Names {
  readonly numbers: readonly string[];
  readonly constants: readonly string[];
  readonly objects: readonly string[];
  readonly arrays: readonly string[];
  /** Functions of no argument that give a number. */
  readonly closures: readonly string[];
  /** Generator functions of no argument that give a number. */
  readonly coroutines: readonly string[];
  /** Labels of loops around. */
  readonly labels: readonly string[];
  readonly inLoop: boolean;
  readonly generator: boolean;
}

const NONE: Names = {
  numbers: [],
  constants: [],
  objects: [],
  arrays: [],
  closures: [],
  coroutines: [],
  labels: [],
  inLoop: false,
  generator: true,
};

/**
 * Random modules that have most of what a generator can be written with, keep their numbers small
 * so that different histories meet, and always end.
 */
export class RandomSource {
  private readonly choose: Choose;
  private fresh = 0;
  /** Limits the size of the program. */
  private fuel: number;

  constructor(choose: Choose, fuel: number) {
    this.choose = choose;
    this.fuel = fuel;
  }

  module(): string {
    const parts: string[] = [];
    const count = this.choose(3);
    for (let index = count - 1; index >= 0; index--) {
      const names = { ...NONE, numbers: ['a', 'b'] };
      parts.push(`function* h${index}(a, b = a) {\n${this.body(names, 3)}\n}`);
      this.helperNames.push(`h${index}`);
    }
    parts.push(`const two = 2;\nfunction add(a, b) { return (a + b) & 3; }`);
    parts.push(`export function* main() {\n${this.body(NONE, 6)}\n}`);
    return parts.join('\n');
  }

  private readonly helperNames: string[] = [];

  private block(outer: Names, most: number): string {
    return this.statements(outer, most)[0];
  }

  /** A block with a last statement that gives a number, of what the block has declared too. */
  private body(outer: Names, most: number): string {
    const [text, names] = this.statements(outer, most);
    return `${text}\nreturn (${this.number(names, 3)}) & 3;`;
  }

  private statements(outer: Names, most: number): [string, Names] {
    let names = outer;
    const lines: string[] = [];
    for (let count = 1 + this.choose(most); count > 0; count--) {
      const [line, after] = this.statement(names);
      lines.push(line);
      names = after;
    }
    return [lines.join('\n'), names];
  }

  private name(stem: string): string {
    return `${stem}${this.fresh++}`;
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.choose(items.length)]!;
  }

  /** A name that may hide one of outside. */
  private maybeOld(stem: string, old: readonly string[], block: boolean): string {
    return block && old.length > 0 && this.choose(3) === 0 ? this.pick(old) : this.name(stem);
  }

  private statement(n: Names): [string, Names] {
    if (this.fuel-- <= 0) return [n.generator ? `yield* op('e');` : ';', n];
    const simple = this.choose(5) < 3;
    return simple ? this.simple(n) : this.compound(n);
  }

  private simple(n: Names): [string, Names] {
    switch (this.choose(16)) {
      case 0:
      case 1: {
        const x = this.name('x');
        return [`let ${x} = ${this.small(n)};`, { ...n, numbers: [...n.numbers, x] }];
      }
      case 2: {
        const c = this.name('c');
        return [`const ${c} = ${this.small(n)};`, { ...n, constants: [...n.constants, c] }];
      }
      case 3: {
        const o = this.name('o');
        const text = `{ k: ${this.small(n)}, m: ${this.small(n)} }`;
        return [`const ${o} = ${text};`, { ...n, objects: [...n.objects, o] }];
      }
      case 4: {
        const r = this.name('r');
        const text = `[${this.small(n)}, ${this.small(n)}]`;
        return [`let ${r} = ${text};`, { ...n, arrays: [...n.arrays, r] }];
      }
      case 5: {
        const v = this.name('v');
        return [`var ${v} = ${this.small(n)};`, { ...n, numbers: [...n.numbers, v] }];
      }
      case 6: {
        const f = this.name('f');
        const body = this.number({ ...n, generator: false }, 2);
        return [`const ${f} = () => (${body}) & 3;`, { ...n, closures: [...n.closures, f] }];
      }
      case 7: {
        if (n.numbers.length === 0) break;
        const f = this.name('f');
        const text = `const ${f} = () => (${this.pick(n.numbers)} = ${this.small({ ...n, generator: false })});`;
        return [text, { ...n, closures: [...n.closures, f] }];
      }
      case 8: {
        const [x, y] = [this.name('x'), this.name('y')];
        const text = `let [${x}, ${y} = ${this.small(n)}] = [${this.small(n)}, ${this.pick([this.small(n), 'undefined'])}];`;
        return [text, { ...n, numbers: [...n.numbers, x, y] }];
      }
      case 9: {
        if (n.objects.length === 0) break;
        const [x, y] = [this.name('x'), this.name('y')];
        const text = `let { k: ${x}, q: ${y} = ${this.small(n)} } = ${this.pick(n.objects)};`;
        return [text, { ...n, numbers: [...n.numbers, x, y] }];
      }
      case 10:
        if (n.numbers.length === 0) break;
        return [`${this.pick(n.numbers)} = ${this.small(n)};`, n];
      case 11:
        if (n.objects.length === 0) break;
        return [`${this.pick(n.objects)}.${this.pick(['k', 'm'])} = ${this.small(n)};`, n];
      case 12:
        if (n.arrays.length === 0) break;
        return [`${this.pick(n.arrays)}[${this.small(n)} & 1] = ${this.small(n)};`, n];
      case 13:
        if (n.numbers.length === 0) break;
        return [`${this.pick(n.numbers)} ${this.pick(['+=', '^=', '&='])} ${this.small(n)};`, n];
      case 14:
        if (n.arrays.length === 0) break;
        return [`${this.pick(n.arrays)} = ${this.pick(n.arrays)};`, n];
      default:
    }
    return n.generator ? [`yield* op('w', ${this.number(n, 2)});`, n] : [';', n];
  }

  private compound(n: Names): [string, Names] {
    const body = (inner: Names = n): string => `{\n${this.block(inner, 3)}\n}`;
    const loop = { ...n, inLoop: true };
    switch (this.choose(15)) {
      case 0:
        return [`if (${this.number(n, 2)}) ${body()}${this.choose(2) ? ` else ${body()}` : ''}`, n];
      case 1:
      case 2: {
        const i = this.name('i');
        const bound = 1 + this.choose(3);
        const inner = { ...loop, constants: [...n.constants, i] };
        return [`for (let ${i} = 0; ${i} < ${bound}; ${i}++) ${body(inner)}`, n];
      }
      case 3: {
        const w = this.name('w');
        return [
          `let ${w} = 0;\nwhile (${w}++ < ${1 + this.choose(3)} && (${this.number(n, 1)} | 1)) ${body(loop)}`,
          { ...n, constants: [...n.constants, w] },
        ];
      }
      case 4: {
        const w = this.name('w');
        return [`let ${w} = 0;\ndo ${body(loop)} while (${w}++ < 1 && ${this.number(n, 1)});`, n];
      }
      case 5: {
        const q = this.name('q');
        const list =
          n.arrays.length > 0 && this.choose(2) ? this.pick(n.arrays) : `[0, ${this.small(n)}]`;
        const inner = { ...loop, numbers: [...n.numbers, q] };
        return [
          `for (${this.pick(['const', 'let'])} ${q} of ${list}.slice(0, 3)) ${body({ ...loop, constants: inner.numbers.slice(-1).concat(n.constants) })}`,
          n,
        ];
      }
      case 6: {
        const l = this.name('l');
        const i = this.name('i');
        const inner = { ...loop, labels: [...n.labels, l], constants: [...n.constants, i] };
        return [`${l}: for (let ${i} = 0; ${i} < 2; ${i}++) ${body(inner)}`, n];
      }
      case 7: {
        const cases = [0, 1, 2].map(
          (value) =>
            `${value === 2 ? 'default' : `case ${this.choose(3) ? value : this.small(n)}`}: ${body()} ${this.choose(2) ? 'break;' : ''}`,
        );
        const at = this.choose(3);
        cases.push(...cases.splice(at, 1));
        return [`switch (${this.small(n)}) {\n${cases.join('\n')}\n}`, n];
      }
      case 8: {
        const e = this.name('e');
        const thrown = `if (${this.number(n, 1)}) throw ${this.small(n)};`;
        const handler = body({ ...n, numbers: [...n.numbers, e] });
        return [
          `try {\n${this.block(n, 2)}\n${thrown}\n${this.block(n, 1)}\n} catch (${e}) ${handler}`,
          n,
        ];
      }
      case 9:
        return [`try ${body()} finally ${body()}`, n];
      case 10:
        if (n.labels.length > 0 && this.choose(2)) {
          const jump = `${this.pick(['continue', 'break'])} ${this.pick(n.labels)};`;
          return [`if (${this.number(n, 1)}) ${jump}`, n];
        }
        if (n.inLoop) return [`if (${this.number(n, 1)}) ${this.pick(['continue', 'break'])};`, n];
        return [`if (${this.number(n, 1)}) return ${this.number(n, 1)};`, n];
      case 11: {
        if (!n.generator) break;
        const g = this.name('g');
        const inner = { ...n, labels: [], inLoop: false };
        const text = `const ${g} = function* () {\n${this.body(inner, 3)}\n};`;
        return [text, { ...n, coroutines: [...n.coroutines, g] }];
      }
      case 12: {
        const f = this.name('f');
        const inner = { ...n, labels: [], inLoop: false, generator: false };
        const text = `function ${f}() {\n${this.body(inner, 2)}\n}`;
        return [text, { ...n, closures: [...n.closures, f] }];
      }
      case 13: {
        const hiding = this.maybeOld(
          'z',
          [...n.numbers, ...n.constants].filter((x) => !x.includes('.')),
          true,
        );
        const inner = { ...n, numbers: [...n.numbers.filter((x) => x !== hiding), hiding] };
        const constants = n.constants.filter((x) => x !== hiding);
        const text = `{\nlet ${hiding} = ${this.pick(['0', '1'])};\n${this.block({ ...inner, constants }, 3)}\n}`;
        return [text, n];
      }
      default: {
        const k = this.name('k');
        if (n.objects.length === 0) break;
        const inner = { ...loop, constants: [...n.constants, `${k}.length`] };
        return [`for (const ${k} in ${this.pick(n.objects)}) ${body(inner)}`, n];
      }
    }
    return n.generator ? [`yield* op('w', ${this.number(n, 2)});`, n] : [';', n];
  }

  /** A number from 0 to 3. */
  private small(n: Names): string {
    if (n.generator && this.choose(3) === 0) return `(yield* op('s'))`;
    return `((${this.number(n, 2)}) & ${this.pick(['1', '3'])})`;
  }

  private number(n: Names, depth: number): string {
    const known = [...n.numbers, ...n.constants];
    if (depth <= 0 || this.choose(3) === 0) {
      return known.length > 0 && this.choose(4) > 0 ? this.pick(known) : `${this.choose(2)}`;
    }
    const part = (): string => this.number(n, depth - 1);
    switch (this.choose(18)) {
      case 0:
      case 1:
        if (n.generator) return `(yield* op('r', ${this.choose(2) ? part() : 0}))`;
        break;
      case 2:
        return `(${part()} + ${part()})`;
      case 3:
        return `add(${part()}, ${part()})`;
      case 4:
        if (n.objects.length > 0) return `${this.pick(n.objects)}.${this.pick(['k', 'm'])}`;
        break;
      case 5:
        if (n.arrays.length > 0) return `(${this.pick(n.arrays)}[${part()} & 1] ?? 0)`;
        break;
      case 6:
        if (n.generator && this.helperNames.length > 0) {
          return `(yield* ${this.pick(this.helperNames)}(${part()}, ${part()}))`;
        }
        break;
      case 7:
        if (n.generator && n.coroutines.length > 0) return `(yield* ${this.pick(n.coroutines)}())`;
        break;
      case 8:
        if (n.closures.length > 0) return `${this.pick(n.closures)}()`;
        break;
      case 9:
        if (n.numbers.length > 0) return `(${this.pick(n.numbers)} = ${part()} & 1)`;
        break;
      case 10:
        if (n.numbers.length > 0)
          return `(${this.pick(n.numbers)} ${this.pick(['^=', '&=', '|='])} ${part()} & 1)`;
        break;
      case 11:
        return `(${part()} ? ${part()} : ${part()})`;
      case 12:
        return `(${part()} ${this.pick(['||', '&&', '??'])} ${part()})`;
      case 13:
        return `[${part()}, ${part()}, ...[${part()}]].reduce((s, x) => s ^ x, 0)`;
      case 14:
        return `Object.values({ p: ${part()}, q: ${part()}${known.length > 0 ? `, ...{ s: ${this.pick(known)} }` : ''} }).reduce((s, x) => s ^ x)`;
      case 15:
        return `\`\${${part()}}\${${part()}}\`.length`;
      case 16:
        if (n.arrays.length > 0) return `(${this.pick(n.arrays)}.unshift(${part()} & 1) & 1)`;
        if (n.objects.length > 0) return `(${this.pick(n.objects)}.k ^= ${part()} & 1)`;
        break;
      default:
        if (n.objects.length > 0)
          return `add(...Object.values(${this.pick(n.objects)}), ${part()})`;
    }
    return `(${part()} & 1)`;
  }
}
