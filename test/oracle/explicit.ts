import { type Findings, finalText, TooBig } from './findings.ts';
import { LockOracle, type Use } from './lockdep.ts';
import {
  type Condition,
  type How,
  type Operand,
  type RandomLock,
  type RandomProgram,
  REGISTERS,
  type Statement,
} from './program.ts';

/**
 * The oracle for random programs: compiles the statements to flat code and searches all states
 * depth first. A state is written out in full (program counters, registers, objects), nothing is
 * reduced, and no code is shared with the engine or with the generator that runs the same program.
 */
export function explicit(program: RandomProgram, limit = 50_000): Findings {
  return new Explicit(program, limit).search();
}

class Explicit {
  private readonly program: RandomProgram;
  private readonly limit: number;
  private readonly threads: readonly Thread[];
  private readonly finals = new Set<string>();
  private readonly violated = new Set<string>();
  private readonly seen = new Set<string>();
  private readonly stack: State[] = [];
  private readonly unseen: Set<number>;
  private readonly lockdep = new LockOracle();
  private readonly notes = new Set<string>();
  private readonly locks = { taken: new Set<number>(), contended: new Set<number>() };
  /** Races found with both threads running, and with one that is interrupted. */
  private readonly raced = [new Set<string>(), new Set<string>()] as const;

  constructor(program: RandomProgram, limit: number) {
    this.program = program;
    this.limit = limit;
    this.unseen = new Set(program.sometimes.keys());
    const handlers = new Set(program.interrupts.map(({ cpu }) => cpu));
    this.threads = [
      ...program.threads.map(({ daemon, cpu, body }, n) => {
        const interrupted = handlers.has(cpu);
        return { name: `t${n}`, kind: 'process', daemon, cpu, interrupted, code: compile(body, 0) };
      }),
      ...program.interrupts.map(({ kind, cpu, times, body }, n) => {
        const code = compile(body, times);
        return { name: `h${n}`, kind, daemon: false, cpu, interrupted: true, code };
      }),
    ];
  }

  search(): Findings {
    const { program, threads } = this;
    this.visit({
      threads: threads.map(({ code }) =>
        settle(code, {
          pc: 0,
          registers: Array(REGISTERS).fill(0),
          rounds: [],
          flags: [],
          pointer: null,
          allocations: 0,
          held: [],
          atomic: 0,
          bhOff: 0,
          irqsOff: false,
        }),
      ),
      x: Array(program.variables).fill(0),
      locks: program.locks.map(() => ({ readers: [], writer: null, waiting: [] })),
      g: null,
      heap: Object.fromEntries(
        Array.from({ length: program.structs }, (_, n) => [`s${n}`, { life: 'alive', v: 0 }]),
      ),
      running: [[], []],
      owners: [null, null],
    });
    for (let state = this.stack.pop(); state; state = this.stack.pop()) this.expand(state);
    for (const index of this.unseen) this.violated.add(`sometimes${index}`);
    for (const rule of this.lockdep.violated()) this.violated.add(rule);
    const reported = [...this.violated].some((name) => !name.startsWith('sometimes'));
    if (this.finals.size === 0 && !reported) {
      for (const n of program.atEnd.keys()) this.violated.add(`atEnd${n}`);
    }
    if ([...this.raced[1]].some((title) => !this.raced[0].has(title))) {
      this.notes.add('data race of an interrupted thread only');
    }
    const { finals, violated, notes, locks } = this;
    return { finals, violated, notes, locks, states: this.seen.size };
  }

  private visit(state: State): void {
    const text = JSON.stringify(state);
    if (this.seen.has(text)) return;
    if (this.seen.size >= this.limit) throw new TooBig(`more than ${this.limit} states`);
    this.seen.add(text);
    this.stack.push(state);
  }

  private expand(state: State): void {
    const { program, threads, violated } = this;
    program.always.forEach((condition, index) => {
      if (!holds(condition, state)) violated.add(`always${index}`);
    });
    for (const index of this.unseen) {
      if (holds(program.sometimes[index]!, state)) this.unseen.delete(index);
    }
    const after: (State | null)[] = [];
    for (const [t, { code, name, kind }] of threads.entries()) {
      const thread = state.threads[t]!;
      const instruction = code[thread.pc]!;
      const { irqsOff, bhOff } = thread;
      const held = thread.held.map((use) => this.use(use.lock, use.mode, use.nested));
      this.lockdep.see({ kind, irqsOff, bhOff, held, asks: this.asks(instruction, kind, bhOff) });
      after.push(null);
      if (instruction.op === 'end' || this.stopped(state, t)) continue;
      const next = copy(state);
      const outcome = this.step(instruction as Shared, next, t);
      if (outcome === 'blocked') continue;
      after[t] = next;
      for (const rule of outcome.rules) violated.add(rule);
      if (outcome.crash) continue;
      const moved = next.threads[t]!;
      const { cpu } = threads[t]!;
      if (next.owners[cpu] === name && preemptible(kind, moved)) next.owners[cpu] = null;
      moved.pc++;
      settle(code, moved);
      const clean = moved.held.length === 0 && moved.atomic === 0 && !moved.irqsOff;
      if (code[moved.pc]!.op === 'end' && !clean) violated.add('lock held at exit');
      this.visit(next);
      if (instruction.op === 'failed') violated.add(`assert ${name}`);
    }
    this.races(state, after);
    if (after.every((next) => next === null)) this.finish(state);
  }

  private finish(state: State): void {
    const { program, threads, violated } = this;
    this.finals.add(finalText(this.changed(state)));
    program.atEnd.forEach((condition, index) => {
      if (!holds(condition, state)) violated.add(`atEnd${index}`);
    });
    const ops = state.threads.map((thread, t) => threads[t]!.code[thread.pc]!.op);
    if (ops.some((op, t) => op !== 'end' && !(threads[t]!.daemon && op.startsWith('wait')))) {
      violated.add('deadlock');
      for (const [t, op] of ops.entries()) {
        // The lock is with somebody whom the handler has interrupted.
        if (op === 'lock' && threads[t]!.kind !== 'process' && state.running.flat().includes(t)) {
          this.notes.add('handler waits for a lock');
        }
      }
      return;
    }
    const known = [state.g, ...state.threads.filter((_, t) => ops[t] !== 'end').map(pointerOf)];
    for (const [name, { life }] of Object.entries(state.heap)) {
      if (name.startsWith('heap') && life === 'alive' && !known.includes(name)) {
        violated.add('memory leak');
      }
    }
  }

  /** Is a handler running on its CPU that is not this thread? */
  private stopped(state: State, t: number): boolean {
    const { code, cpu } = this.threads[t]!;
    const innermost = state.running[cpu]!.at(-1);
    if (code[state.threads[t]!.pc]!.op === 'enter') return false;
    return innermost !== undefined && innermost !== t;
  }

  /** From the definition: two accesses that could be in progress at once. */
  private races(state: State, after: readonly (State | null)[]): void {
    const accesses = state.threads.map((thread, t) => {
      // By default KCSAN watches nobody who is interrupted.
      const watched = this.program.kcsan === 'strict' && this.stopped(state, t);
      if (!after[t] && !watched) return [];
      return accessesOf(this.threads[t]!.code[thread.pc]!, thread);
    });
    const changes = (t: number, at: string): boolean =>
      valueAt(state, at) !== valueAt(after[t]!, at);
    for (const [t, mine] of accesses.entries()) {
      for (const [u, others] of accesses.entries()) {
        for (const a of t < u ? mine : []) {
          for (const b of others) {
            if (a.to !== b.to || !(a.write || b.write) || !(a.plain || b.plain)) continue;
            const reported =
              this.program.kcsan === 'strict' ||
              (a.plain && !a.write && changes(u, b.to)) ||
              (b.plain && !b.write && changes(t, a.to));
            if (!reported) continue;
            // The functions are f0 to f5, one for each thread.
            const title = `data-race in f${t} / f${u}`;
            this.violated.add(title);
            this.raced[after[t] && after[u] ? 0 : 1].add(title);
          }
        }
      }
    }
  }

  private use(lock: number, mode: Use['mode'], nested: boolean): Use {
    const { kind, grouped } = this.program.locks[lock]!;
    const cls = `${grouped ? `all ${kind}` : `l${lock}`}${nested ? '/1' : ''}`;
    return { lock: `l${lock}`, cls, mode, raw: kind === 'raw' };
  }

  private asks(i: Instruction, thread: string, bhOff: number): Use[] {
    if (i.op !== 'lock' || i.how.endsWith('try')) return [];
    const { kind } = this.program.locks[i.lock]!;
    if (kind === 'bare') return [];
    return [this.use(i.lock, modeOf(kind, i.how, thread, bhOff), i.how === 'nested')];
  }

  private step(i: Shared, state: State, t: number): Outcome {
    const thread = state.threads[t]!;
    const { name, kind, cpu } = this.threads[t]!;
    const value = (operand: Operand) =>
      'constant' in operand ? operand.constant : thread.registers[operand.register]!;
    const memory = (of: number | null) => state.heap[of === null ? thread.pointer! : `s${of}`]!;
    switch (i.op) {
      case 'load':
        thread.registers[i.to] = state.x[i.from]!;
        return FINE;
      case 'store':
        state.x[i.to] = value(i.value);
        return FINE;
      case 'add':
        thread.registers[i.to] = state.x[i.of]!;
        state.x[i.of] = (state.x[i.of]! + i.by) % 4;
        return FINE;
      case 'cmpxchg': {
        const old = state.x[i.of]!;
        if (old === i.expected) state.x[i.of] = i.value;
        thread.registers[i.to] = old;
        return FINE;
      }
      case 'both':
        thread.registers[i.to] = (state.x[i.a]! + 2 * state.x[i.b]!) % 4;
        return FINE;
      case 'swap': {
        const a = state.x[i.a]!;
        state.x[i.a] = state.x[i.b]!;
        state.x[i.b] = a;
        return FINE;
      }
      case 'wait-both':
        return state.x[i.a] === i.x && state.x[i.b] === i.y ? FINE : 'blocked';
      case 'wait':
        return (state.x[i.on] === i.value) === i.not ? 'blocked' : FINE;
      case 'lock':
        return this.lock(i, state, t);
      case 'write-wait': {
        const lock = state.locks[i.lock]!;
        if (lock.readers.length > 0 || lock.writer !== null) return 'blocked';
        lock.waiting = lock.waiting.filter((other) => other !== name);
        lock.writer = name;
        this.hold(i, thread, kind);
        return FINE;
      }
      case 'unlock':
        return this.unlock(i, state, t);
      case 'off':
        if (preemptible(kind, thread)) {
          if (state.owners[cpu] !== null) return 'blocked';
          state.owners[cpu] = name;
        }
        if (i.what === 'irqsave') thread.flags[i.place] = thread.irqsOff;
        return switchOff(i.what, thread);
      case 'on':
        return switchOn(i.what, thread, thread.flags[i.place]!);
      case 'enter': {
        const others = this.threads.flatMap((other, u) =>
          u !== t && other.cpu === cpu ? [maskOf(other.kind, state.threads[u]!)] : [],
        );
        const soft = kind === 'softirq';
        if (others.some((mask) => mask >= (soft ? 1 : 2))) return 'blocked';
        state.running[cpu]!.push(t);
        thread.atomic++;
        if (soft) thread.bhOff++;
        else thread.irqsOff = true;
        return FINE;
      }
      case 'exit': {
        const clean = thread.held.length === 0 && thread.atomic === 1;
        const on = kind === 'hardirq' && !thread.irqsOff;
        state.running[cpu] = state.running[cpu]!.filter((other) => other !== t);
        thread.atomic--;
        if (kind === 'softirq') thread.bhOff--;
        else thread.irqsOff = false;
        if (!clean) return { rules: ['lock held at exit'], crash: false };
        return on ? { rules: ['handler enabled interrupts'], crash: false } : FINE;
      }
      case 'failed':
        return FINE;
      case 'alloc': {
        const count = ++thread.allocations;
        thread.pointer = `heap@${name}${count > 1 ? `#${count}` : ''}`;
        state.heap[thread.pointer] = { life: 'alive', v: 0 };
        return { rules: this.sleeping(thread, kind), crash: false };
      }
      case 'publish':
        state.g = thread.pointer;
        return FINE;
      case 'fetch':
        thread.pointer = state.g;
        return FINE;
      case 'field-load':
        if (memory(i.struct).life !== 'alive') return crash('use-after-free');
        thread.registers[i.to] = memory(i.struct).v;
        return FINE;
      case 'field-store':
        if (memory(i.struct).life !== 'alive') return crash('use-after-free');
        memory(i.struct).v = value(i.value);
        return FINE;
      case 'free':
        if (memory(i.struct).life !== 'alive') return crash('double-free');
        memory(i.struct).life = 'freed';
        return FINE;
    }
  }

  private lock(i: Locking, state: State, t: number): Outcome {
    const thread = state.threads[t]!;
    const { name, kind } = this.threads[t]!;
    const lock = state.locks[i.lock]!;
    const sort = this.program.locks[i.lock]!.kind;
    const tries = i.how.endsWith('try');
    const reads = i.how.startsWith('read');
    const writes = i.how.startsWith('write');
    const free = lock.writer === null && lock.readers.length === 0;
    const enter = (): void => {
      if (reads) lock.readers = [...lock.readers, name].sort();
      else lock.writer = name;
      this.hold(i, thread, kind);
    };
    if (tries) {
      if ((reads ? lock.writer === null : free) && lock.waiting.length === 0) enter();
      else {
        thread.pc = i.missed - 1;
        this.locks.contended.add(i.lock);
      }
      return FINE;
    }
    const sleeps = sort === 'mutex' || sort === 'rwsem';
    const rules = sleeps ? this.sleeping(thread, kind) : [];
    if (sort !== 'bare' && (lock.writer === name || (writes && lock.readers.includes(name)))) {
      return { rules: [...rules, 'recursive locking'], crash: true };
    }
    const barges = modeOf(sort, i.how, kind, thread.bhOff) === 'recursive';
    const may = reads ? lock.writer === null && (barges || lock.waiting.length === 0) : free;
    if (may) {
      enter();
      if (writes) thread.pc++;
    } else if (writes) {
      lock.waiting = [...lock.waiting, name].sort();
      this.locks.contended.add(i.lock);
    } else {
      if (rules.length > 0) return { rules, crash: true };
      this.locks.contended.add(i.lock);
      return 'blocked';
    }
    return { rules, crash: false };
  }

  private sleeping({ atomic, irqsOff }: ThreadState, kind: string): string[] {
    if (atomic === 0 && !irqsOff && kind === 'process') return [];
    if (kind !== 'process') this.notes.add('handler sleeps');
    return ['sleeping function called from invalid context'];
  }

  private hold(i: Pick<Locking, 'lock' | 'how' | 'place'>, thread: ThreadState, of: string): void {
    const { kind } = this.program.locks[i.lock]!;
    if (kind === 'bare') return;
    const mode =
      i.how.endsWith('try') && i.how.startsWith('read')
        ? 'shared'
        : modeOf(kind, i.how, of, thread.bhOff);
    thread.held.push({ lock: i.lock, mode, nested: i.how === 'nested' });
    this.locks.taken.add(i.lock);
    if (kind === 'mutex' || kind === 'rwsem') return;
    if (i.how.endsWith('irqsave')) thread.flags[i.place] = thread.irqsOff;
    thread.atomic++;
    if (i.how.includes('irq')) thread.irqsOff = true;
    if (i.how.endsWith('bh')) {
      thread.atomic++;
      thread.bhOff++;
    }
  }

  private unlock(i: Unlocking, state: State, t: number): Outcome {
    const thread = state.threads[t]!;
    const { name } = this.threads[t]!;
    const lock = state.locks[i.lock]!;
    const { kind } = this.program.locks[i.lock]!;
    const reader = lock.readers.indexOf(name);
    if (i.how.startsWith('read') ? reader < 0 : lock.writer !== name) {
      // There may be another lock of it to look at first, which crashes with the same rule.
      const holds = thread.held.some((use) => use.lock === i.lock);
      const spins = kind !== 'bare' && kind !== 'mutex' && kind !== 'rwsem';
      const first: string[] = [];
      if (holds && spins && i.how.endsWith('bh') && thread.irqsOff && thread.atomic >= 2)
        first.push('IRQs not enabled as expected');
      if (holds && spins && i.how.endsWith('irqsave') && !thread.irqsOff) first.push(RESTORE);
      return { rules: [...first, 'unlock imbalance'], crash: true };
    }
    if (i.how.startsWith('read')) lock.readers = lock.readers.filter((_, at) => at !== reader);
    else lock.writer = null;
    if (kind === 'bare') return FINE;
    const last = thread.held.findLastIndex((use) => use.lock === i.lock);
    thread.held.splice(last, 1);
    if (kind === 'mutex' || kind === 'rwsem') return FINE;
    if (i.how.endsWith('bh')) return switchOn('bh', thread, false, 2);
    const fine = thread.atomic >= 1;
    thread.atomic--;
    const restored = !i.how.endsWith('irqsave') || thread.irqsOff;
    if (i.how.endsWith('irq')) thread.irqsOff = false;
    if (i.how.endsWith('irqsave')) thread.irqsOff = i.wild ? false : thread.flags[i.place]!;
    if (!fine) return crash('unlock imbalance');
    return restored ? FINE : { rules: [RESTORE], crash: false };
  }

  private *changed(state: State): Iterable<[string, unknown]> {
    const { program, threads } = this;
    for (const [n, value] of state.x.entries()) if (value !== 0) yield [`x${n}`, value];
    for (const [n, lock] of state.locks.entries()) {
      const { kind, grouped } = program.locks[n]!;
      const name = grouped ? `l${n}.lock` : `l${n}`;
      const { readers, writer, waiting } = lock;
      if (readers.length + waiting.length === 0 && writer === null) continue;
      yield [name, kind.startsWith('rw') ? { readers, writer, waiting } : writer];
    }
    if (state.g !== null) yield ['g', { name: state.g }];
    for (const [name, { life, v }] of Object.entries(state.heap)) {
      // A struct that an allocation made is absent at the start, a static one alive.
      if (name.startsWith('heap') || life !== 'alive') yield [name, life];
      if (v !== 0) yield [`${name}.v`, v];
    }
    for (const [cpu, owner] of state.owners.entries()) {
      if (owner !== null) yield [`preempt:${cpu}`, owner];
    }
    for (const [cpu, stack] of state.running.entries()) {
      if (stack.length > 0) yield [`cpu:${cpu}`, stack.map((t) => threads[t]!.name)];
    }
    for (const [t, thread] of state.threads.entries()) {
      const mask = maskOf(threads[t]!.kind, thread);
      if (threads[t]!.interrupted && mask > 0) yield [`irqs:${threads[t]!.name}`, mask];
    }
  }
}

interface Thread {
  readonly name: string;
  readonly kind: string;
  readonly daemon: boolean;
  readonly cpu: number;
  /** There are handlers on its CPU. */
  readonly interrupted: boolean;
  readonly code: readonly Instruction[];
}

interface ThreadState {
  pc: number;
  registers: number[];
  /** Rounds made, per bounded loop that is running or has run. */
  rounds: number[];
  /** What was saved of the interrupts, by place in the code. */
  flags: boolean[];
  pointer: string | null;
  allocations: number;
  held: { lock: number; mode: Use['mode']; nested: boolean }[];
  /** The preempt_count. */
  atomic: number;
  bhOff: number;
  irqsOff: boolean;
}

interface State {
  threads: ThreadState[];
  x: number[];
  /** One that is no reader-writer lock has a writer only. */
  locks: { readers: string[]; writer: string | null; waiting: string[] }[];
  g: string | null;
  heap: Record<string, { life: 'alive' | 'freed'; v: number }>;
  /** The handlers that run on each CPU, the innermost last. */
  running: number[][];
  /** Per CPU the task that has interrupts or bottom halves off there, and so has it for itself. */
  owners: (string | null)[];
}

function copy(state: State): State {
  const heap: State['heap'] = {};
  for (const name of Object.keys(state.heap).sort()) heap[name] = { ...state.heap[name]! };
  return {
    threads: state.threads.map((thread) => ({
      ...thread,
      registers: [...thread.registers],
      rounds: [...thread.rounds],
      flags: [...thread.flags],
      held: [...thread.held],
    })),
    x: [...state.x],
    locks: state.locks.map((lock) => ({ ...lock })),
    g: state.g,
    heap,
    running: state.running.map((stack) => [...stack]),
    owners: [...state.owners],
  };
}

/** Statements that are a step. */
type Shared =
  | Exclude<Statement, { op: 'locked' | 'lock' | 'unlock' | 'off' | 'if' | 'retry' | 'assert' }>
  | Locking
  | { op: 'write-wait'; lock: number; how: How; place: number }
  | Unlocking
  | { op: 'off' | 'on'; what: 'irq' | 'irqsave' | 'bh'; place: number }
  | { op: 'enter' | 'exit' | 'failed' };

/** `missed`: where to go on when it was only tried, and not taken. */
type Locking = { op: 'lock'; lock: number; how: How; place: number; missed: number };

/** `wild`: not the end of a section. */
type Unlocking = { op: 'unlock'; lock: number; how: How; place: number; wild: boolean };

type Instruction =
  | Shared
  | { op: 'end' }
  | { op: 'jump'; to: number }
  | { op: 'unless'; register: number; equals: number; to: number }
  | { op: 'begin'; loop: number }
  /** Leaves the loop when its rounds are used up, else counts one. */
  | { op: 'round'; loop: number; limit: number; to: number }
  /** A handler begins with locals of its own. */
  | { op: 'fresh' }
  /** Skips the next step when the pointer is null. */
  | { op: 'null'; to: number };

/** @param times how often a handler fires; 0 for a thread, which runs once */
function compile(statements: readonly Statement[], times: number): Instruction[] {
  const code: Instruction[] = [];
  let loops = 0;
  let places = 0;
  const lock = (lock: number, how: How): Locking => {
    const taking: Locking = { op: 'lock', lock, how, place: places++, missed: 0 };
    code.push(taking);
    if (how.startsWith('write') && !how.endsWith('try')) {
      code.push({ op: 'write-wait', lock, how, place: taking.place });
    }
    taking.missed = code.length;
    return taking;
  };
  const emit = (list: readonly Statement[]) => {
    for (const s of list) {
      switch (s.op) {
        case 'locked': {
          const taking = lock(s.lock, s.how);
          emit(s.body);
          code.push({ ...taking, op: 'unlock', wild: false });
          taking.missed = code.length;
          break;
        }
        case 'lock':
          lock(s.lock, s.how);
          break;
        case 'unlock':
          code.push({ ...s, place: 0, wild: true });
          break;
        case 'off': {
          const place = places++;
          code.push({ op: 'off', what: s.what, place });
          emit(s.body);
          code.push({ op: 'on', what: s.what, place });
          break;
        }
        case 'if': {
          const branch = { op: 'unless' as const, register: s.register, equals: s.equals, to: 0 };
          code.push(branch);
          emit(s.yes);
          const over = { op: 'jump' as const, to: 0 };
          code.push(over);
          branch.to = code.length;
          emit(s.no);
          over.to = code.length;
          break;
        }
        case 'retry': {
          const loop = loops++;
          code.push({ op: 'begin', loop });
          const top = code.length;
          code.push({ op: 'load', to: s.register, from: s.on, plain: false });
          // Done when the register has the value: "unless it has, go on with the round".
          const test = { op: 'unless' as const, register: s.register, equals: s.value, to: 0 };
          code.push(test);
          const out = { op: 'jump' as const, to: 0 };
          code.push(out);
          test.to = code.length;
          const round = { op: 'round' as const, loop, limit: s.limit ?? Infinity, to: 0 };
          if (s.limit !== null) code.push(round);
          emit(s.body);
          code.push({ op: 'jump', to: top });
          out.to = round.to = code.length;
          break;
        }
        case 'assert': {
          const branch = { op: 'unless' as const, register: s.register, equals: s.not, to: 0 };
          code.push(branch, { op: 'failed' });
          branch.to = code.length;
          break;
        }
        case 'field-load':
        case 'field-store':
        case 'free':
          if (s.struct === null) code.push({ op: 'null', to: code.length + 2 });
          code.push(s);
          break;
        default:
          code.push(s);
      }
    }
  };
  if (times === 0) emit(statements);
  for (let n = 0; n < times; n++) {
    code.push({ op: 'enter' }, { op: 'fresh' });
    emit(statements);
    code.push({ op: 'exit' });
  }
  code.push({ op: 'end' });
  return code;
}

/** Runs what is local, up to the next step. */
function settle(code: readonly Instruction[], thread: ThreadState): ThreadState {
  for (;;) {
    const i = code[thread.pc]!;
    switch (i.op) {
      case 'jump':
        thread.pc = i.to;
        break;
      case 'unless':
        thread.pc = thread.registers[i.register] === i.equals ? thread.pc + 1 : i.to;
        break;
      case 'begin':
        thread.rounds[i.loop] = 0;
        thread.pc++;
        break;
      case 'round':
        if (thread.rounds[i.loop]! >= i.limit) thread.pc = i.to;
        else {
          thread.rounds[i.loop]!++;
          thread.pc++;
        }
        break;
      case 'fresh':
        thread.registers.fill(0);
        thread.pointer = null;
        thread.pc++;
        break;
      case 'null':
        thread.pc = thread.pointer === null ? i.to : thread.pc + 1;
        break;
      default:
        return thread;
    }
  }
}

type Outcome = 'blocked' | { readonly rules: readonly string[]; readonly crash: boolean };

const FINE: Outcome = { rules: [], crash: false };

const RESTORE = 'raw_local_irq_restore() called with IRQs enabled';

function crash(rule: string): Outcome {
  return { rules: [rule], crash: true };
}

function modeOf(kind: RandomLock['kind'], how: How, thread: string, bhOff: number): Use['mode'] {
  if (!how.startsWith('read')) return 'exclusive';
  const interrupt = thread !== 'process' || bhOff > 0 || how.endsWith('bh');
  return kind === 'rwlock' && interrupt ? 'recursive' : 'shared';
}

function preemptible(kind: string, { atomic, irqsOff }: ThreadState): boolean {
  return kind === 'process' && atomic === 0 && !irqsOff;
}

/** Which handlers it holds back: 1 softirqs, 2 hardirqs too. */
function maskOf(kind: string, { atomic, irqsOff, bhOff }: ThreadState): number {
  if (irqsOff || (kind === 'hardirq' && atomic > 0)) return 2;
  return bhOff > 0 ? 1 : 0;
}

function switchOff(what: 'irq' | 'irqsave' | 'bh', thread: ThreadState): Outcome {
  if (what === 'bh') {
    thread.atomic++;
    thread.bhOff++;
  } else {
    thread.irqsOff = true;
  }
  return FINE;
}

/** @param by what it takes from the preempt_count, where that is of bottom halves */
function switchOn(
  what: 'irq' | 'irqsave' | 'bh',
  thread: ThreadState,
  flags: boolean,
  by = 1,
): Outcome {
  if (what !== 'bh') {
    const restored = what === 'irq' || thread.irqsOff;
    thread.irqsOff = what === 'irqsave' && flags;
    return restored ? FINE : { rules: [RESTORE], crash: false };
  }
  const rule =
    thread.atomic < by
      ? crash('unlock imbalance')
      : thread.irqsOff
        ? { rules: ['IRQs not enabled as expected'], crash: false }
        : FINE;
  thread.atomic -= by;
  thread.bhOff--;
  return rule;
}

interface Access {
  readonly to: string;
  readonly write: boolean;
  readonly plain: boolean;
}

function accessesOf(i: Instruction, { pointer }: ThreadState): Access[] {
  const field = (of: number | null) => (of === null ? pointer! : `s${of}`);
  switch (i.op) {
    case 'load':
      return [{ to: `x${i.from}`, write: false, plain: i.plain }];
    case 'store':
      return [{ to: `x${i.to}`, write: true, plain: i.plain }];
    case 'add':
    case 'cmpxchg':
      return [{ to: `x${i.of}`, write: true, plain: false }];
    case 'both':
      return [i.a, i.b].map((n) => ({ to: `x${n}`, write: false, plain: i.plain }));
    case 'swap':
      return [i.a, i.b].map((n) => ({ to: `x${n}`, write: true, plain: false }));
    case 'wait':
      return [{ to: `x${i.on}`, write: false, plain: false }];
    case 'wait-both':
      return [];
    case 'publish':
    case 'fetch':
      return [{ to: 'g', write: i.op === 'publish', plain: i.plain }];
    case 'field-load':
    case 'field-store':
      return [{ to: field(i.struct), write: i.op === 'field-store', plain: i.plain }];
    default:
      return [];
  }
}

function valueAt({ x, g, heap }: State, at: string): unknown {
  if (at === 'g') return g;
  return at in heap ? heap[at]!.v : x[Number(at.slice(1))];
}

function pointerOf({ pointer }: ThreadState): string | null {
  return pointer;
}

function holds(condition: Condition, state: State): boolean {
  const all = condition.clauses.every(({ object, equals }) => {
    if ('variable' in object) return state.x[object.variable] === equals;
    const { readers, writer } = state.locks[object.lock]!;
    return (readers.length > 0 || writer !== null ? 1 : 0) === equals;
  });
  return all !== condition.negated;
}
