import { resolve } from 'node:path';
import type { Operand, RandomProgram, Statement } from './program.ts';

const steps = resolve(import.meta.dirname, '../fixtures/random-steps.ts');

/** The program as a spec module in native code: registers are locals, loops are loops. */
export function codegen(program: RandomProgram): string {
  const lines = [
    `import { assert, cmpxchg, defineSpec } from 'lockstep';`,
    `import * as steps from ${JSON.stringify(steps)};`,
    `const program = ${JSON.stringify(program)};`,
    `export default defineSpec({`,
    `name: 'generated', variants: { only: {} },`,
    'build() {',
    'const w = steps.world(program);',
    'return steps.model(program, w, {',
  ];
  program.threads.forEach((thread, t) => {
    lines.push(`t${t}: { daemon: ${thread.daemon}, *run() {`);
    lines.push('let r0 = 0, r1 = 0, r2 = 0, p = null;');
    new Writer(t, lines).block(thread.body);
    lines.push('} },');
  });
  lines.push('});', '},', '});');
  return lines.join('\n');
}

class Writer {
  private loops = 0;
  private readonly t: number;
  private readonly lines: string[];

  constructor(t: number, lines: string[]) {
    this.t = t;
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
        return void put(`r${s.to} = yield* steps.READ_ONCE(w.x[${s.from}]);`);
      case 'store':
        return void put(`yield* steps.WRITE_ONCE(w.x[${s.to}], ${text(s.value)});`);
      case 'add':
        return void put(`r${s.to} = yield* steps.add(w.x[${s.of}], ${s.by});`);
      case 'cmpxchg':
        return void put(`r${s.to} = yield* cmpxchg(w.x[${s.of}], ${s.expected}, ${s.value});`);
      case 'both':
        return void put(`r${s.to} = yield* steps.both(w.x[${s.a}], w.x[${s.b}]);`);
      case 'swap':
        return void put(`yield* steps.swap(w.x[${s.a}], w.x[${s.b}]);`);
      case 'wait-both':
        return void put(`yield* steps.wait_both(w.x[${s.a}], w.x[${s.b}], ${s.x}, ${s.y});`);
      case 'wait':
        return void put(`yield* steps.wait(w.x[${s.on}], ${s.value}, ${s.not});`);
      case 'locked':
        put(`yield* steps.lock(w.l[${s.lock}]);`);
        this.block(s.body);
        return void put(`yield* steps.unlock(w.l[${s.lock}]);`);
      case 'unlock':
        return void put(`yield* steps.unlock(w.l[${s.lock}]);`);
      case 'if':
        put(`if (r${s.register} === ${s.equals}) {`);
        this.block(s.yes);
        put('} else {');
        this.block(s.no);
        return void put('}');
      case 'retry': {
        const round = `n${this.loops++}`;
        put(`let ${round} = 0;`);
        put(`while ((r${s.register} = yield* steps.READ_ONCE(w.x[${s.on}])) !== ${s.value}) {`);
        if (s.limit !== null) put(`if (${round}++ >= ${s.limit}) break;`);
        this.block(s.body);
        return void put('}');
      }
      case 'assert':
        return void put(`yield* assert(r${s.register} !== ${s.not}, 'assert t${this.t}');`);
      case 'alloc':
        return void put('p = yield* steps.kzalloc(steps.Heap, steps.GFP_KERNEL);');
      case 'publish':
        return void put('yield* steps.WRITE_ONCE(w.g, p);');
      case 'fetch':
        return void put('p = yield* steps.READ_ONCE(w.g);');
      case 'field-load':
        return void put(
          `if (${memory(s.struct)}) r${s.to} = yield* steps.READ_ONCE(${memory(s.struct)}.v);`,
        );
      case 'field-store':
        return void put(
          `if (${memory(s.struct)}) yield* steps.WRITE_ONCE(${memory(s.struct)}.v, ${text(s.value)});`,
        );
      case 'free':
        return void put(`if (${memory(s.struct)}) yield* steps.kfree(${memory(s.struct)});`);
    }
  }
}

function text(operand: Operand): string {
  return 'constant' in operand ? String(operand.constant) : `r${operand.register}`;
}
