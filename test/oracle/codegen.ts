import { resolve } from 'node:path';
import type { Operand, RandomProgram, Statement } from './program.ts';

const steps = resolve(import.meta.dirname, '../fixtures/random-steps.ts');

/** The program as a spec module in native code: registers are locals, loops are loops. */
export function codegen(program: RandomProgram): string {
  const lines = [
    `import { assert, cmpxchg, defineSpec } from 'lockstep';`,
    `import * as steps from ${JSON.stringify(steps)};`,
    `const program = ${JSON.stringify(program)};`,
    `const options = ${JSON.stringify(optionsOf(program))};`,
    `export default defineSpec({`,
    `name: 'generated', variants: { only: {} },`,
    'build() {',
    'const w = steps.world(program);',
    'return steps.model(program, w, {',
  ];
  const bodies = [...program.threads, ...program.interrupts].map(({ body }) => body);
  const name = (n: number): string =>
    n < program.threads.length ? `t${n}` : `h${n - program.threads.length}`;
  lines.push(...bodies.map((_, n) => `${name(n)}: { ...options.${name(n)}, run: f${n} },`));
  lines.splice(-program.interrupts.length || lines.length, 0, '}, {');
  lines.push('});');
  bodies.forEach((body, n) => {
    lines.push(`function* f${n}() {`, 'let r0 = 0, r1 = 0, r2 = 0, p = null;');
    new Writer(name(n), lines).block(body);
    lines.push('steps.keep(p);', '}');
  });
  lines.push('},', '});');
  return lines.join('\n');
}

function optionsOf({ threads, interrupts }: RandomProgram): Record<string, unknown> {
  return Object.fromEntries([
    ...threads.map(({ body: _, ...options }, n) => [`t${n}`, options]),
    ...interrupts.map(({ body: _, ...options }, n) => [`h${n}`, options]),
  ]);
}

class Writer {
  /** Names made so far. */
  private names = 0;
  private readonly thread: string;
  private readonly lines: string[];

  constructor(thread: string, lines: string[]) {
    this.thread = thread;
    this.lines = lines;
  }

  block(statements: readonly Statement[]): void {
    for (const s of statements) this.statement(s);
  }

  private statement(s: Statement): void {
    const put = (...text: string[]) => this.lines.push(...text);
    const memory = (of: number | null) => (of === null ? 'p' : `w.s[${of}]`);
    switch (s.op) {
      case 'load':
        return void put(`r${s.to} = yield* steps.get(w.x[${s.from}], ${s.plain});`);
      case 'store':
        return void put(`yield* steps.set(w.x[${s.to}], ${text(s.value)}, ${s.plain});`);
      case 'add':
        return void put(`r${s.to} = yield* steps.add(w.x[${s.of}], ${s.by});`);
      case 'cmpxchg':
        return void put(`r${s.to} = yield* cmpxchg(w.x[${s.of}], ${s.expected}, ${s.value});`);
      case 'both':
        return void put(`r${s.to} = yield* steps.both(w.x[${s.a}], w.x[${s.b}], ${s.plain});`);
      case 'swap':
        return void put(`yield* steps.swap(w.x[${s.a}], w.x[${s.b}]);`);
      case 'wait-both':
        return void put(`yield* steps.wait_both(w.x[${s.a}], w.x[${s.b}], ${s.x}, ${s.y});`);
      case 'wait':
        return void put(`yield* steps.wait(w.x[${s.on}], ${s.value}, ${s.not});`);
      case 'locked': {
        const got = `n${this.names++}`;
        put(`const ${got} = yield* steps.take(w.l[${s.lock}], '${s.how}');`);
        put(`if (!steps.missed('${s.how}', ${got})) {`);
        this.block(s.body);
        return void put(`yield* steps.give(w.l[${s.lock}], '${s.how}', ${got});`, '}');
      }
      case 'lock':
        return void put(`yield* steps.take(w.l[${s.lock}], '${s.how}');`);
      case 'unlock':
        return void put(`yield* steps.give(w.l[${s.lock}], '${s.how}', false);`);
      case 'off': {
        const flags = `n${this.names++}`;
        put(`const ${flags} = yield* steps.off('${s.what}');`);
        this.block(s.body);
        return void put(`yield* steps.on('${s.what}', ${flags});`);
      }
      case 'if':
        put(`if (r${s.register} === ${s.equals}) {`);
        this.block(s.yes);
        put('} else {');
        this.block(s.no);
        return void put('}');
      case 'retry': {
        const round = `n${this.names++}`;
        put(`let ${round} = 0;`);
        put(`while ((r${s.register} = yield* steps.get(w.x[${s.on}], false)) !== ${s.value}) {`);
        if (s.limit !== null) put(`if (${round}++ >= ${s.limit}) break;`);
        this.block(s.body);
        return void put('}');
      }
      case 'assert':
        return void put(`yield* assert(r${s.register} !== ${s.not}, 'assert ${this.thread}');`);
      case 'alloc':
        return void put('p = yield* steps.kzalloc(steps.Heap, steps.GFP_KERNEL);');
      case 'publish':
        return void put(`yield* steps.set(w.g, p, ${s.plain});`);
      case 'fetch':
        return void put(`p = yield* steps.get(w.g, ${s.plain});`);
      case 'field-load':
        return void put(
          `if (${memory(s.struct)}) r${s.to} = yield* steps.get(${memory(s.struct)}.v, ${s.plain});`,
        );
      case 'field-store':
        return void put(
          `if (${memory(s.struct)}) yield* steps.set(${memory(s.struct)}.v, ${text(s.value)}, ${s.plain});`,
        );
      case 'free':
        return void put(`if (${memory(s.struct)}) yield* steps.kfree(${memory(s.struct)});`);
    }
  }
}

function text(operand: Operand): string {
  return 'constant' in operand ? String(operand.constant) : `r${operand.register}`;
}
