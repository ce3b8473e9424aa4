import { SpecError } from './shared.ts';

/** include/linux/sched.h */
const MAX_LOCK_DEPTH = 48;

/** What kind of code a thread runs: an interrupt handler of its CPU may never sleep. */
export type Kind = 'process' | 'worker' | 'softirq' | 'hardirq' | 'nmi';

/** How a lock is held or asked for; recursive: a reader that only a writer inside makes wait. */
export type LockMode = 'exclusive' | 'shared' | 'recursive';

/** A lock as lockdep sees it (include/linux/lockdep.h). */
export interface LockUse {
  /** Name of the object. */
  readonly lock: string;
  /** All locks that are initialised at one place are a class; null: lockdep does not look at it. */
  readonly cls: string | null;
  readonly mode: LockMode;
  /** No lock, but what stands for waiting: the function of a work, a workqueue, a timer. */
  readonly map?: boolean;
  /** A raw_spinlock_t: spins on PREEMPT_RT too, so nothing that sleeps there may be taken inside. */
  readonly raw?: boolean;
}

/**
 * What the kernel keeps per task and what is a function of the thread's own history: the locks it
 * holds, how deep it is in atomic and RCU sections, how much it has allocated. It belongs to the
 * local state, so it costs no shared object and no dependence.
 */
export class ThreadContext {
  readonly name: string;
  readonly cpu: number;
  readonly kind: Kind;
  /** In order of acquisition. */
  held: readonly LockUse[] = [];
  /** preempt_count: spinlocks, bottom halves off; above 0 sleeping is a bug. */
  atomic = 0;
  /** How often preempt_disable was called; part of `atomic`. */
  preemptOff = 0;
  /** How often bottom halves are off; part of `atomic`. */
  bhOff = 0;
  /** Nesting of rcu_read_lock. */
  rcu = 0;
  /** Interrupts are off on this thread's CPU. */
  irqsOff = false;
  /** It has said that it does not run (set_current_state), and not called schedule() since. */
  asleep = false;
  /** In a seqcount's section, whose plain accesses are no data races (KCSAN): as a reader, */
  readsSequence = false;
  /** and as a writer, so many times. */
  writesSequences = 0;
  /** Allocations made so far, per kind of object. */
  allocations: Record<string, number> = {};

  constructor(name: string, cpu: number, kind: Kind) {
    this.name = name;
    this.cpu = cpu;
    this.kind = kind;
  }

  /** A name for the next allocation: by thread and count, so that it does not depend on others. */
  allocate(label: string): string {
    const count = (this.allocations[label] ?? 0) + 1;
    this.allocations[label] = count;
    return `${label}@${this.name}${count > 1 ? `#${count}` : ''}`;
  }

  holds(lock: string, mode?: LockMode): boolean {
    return this.held.some((use) => use.lock === lock && (mode === undefined || use.mode === mode));
  }

  /** @throws SpecError where lockdep says "MAX_LOCK_DEPTH too low": there is no end of states. */
  take(use: LockUse): void {
    if (this.held.length >= MAX_LOCK_DEPTH) {
      throw new SpecError(
        `${this.name} holds ${MAX_LOCK_DEPTH} locks, the last ${use.lock}; ` +
          'is there a loop that takes one and does not give it back?',
      );
    }
    this.held = [...this.held, use];
  }

  /** Gives up the lock that was taken last under that name. */
  drop(lock: string): void {
    const last = this.held.findLastIndex((use) => use.lock === lock);
    this.held = this.held.filter((_, at) => at !== last);
  }

  /** Names of the locks held; not of what only stands for waiting. */
  get locks(): readonly string[] {
    return this.held.filter(({ map }) => !map).map(({ lock }) => lock);
  }

  /** How deep in sections that hold back grace periods: RCU readers and anything not preemptible. */
  get readers(): number {
    return this.atomic + this.rcu + (this.irqsOff ? 1 : 0);
  }

  /** Whether it is a handler that interrupts others. */
  get interrupts(): boolean {
    return this.kind !== 'process' && this.kind !== 'worker';
  }

  /** Whether plain accesses count as atomic just now. */
  get inSequence(): boolean {
    return this.readsSequence || this.writesSequences > 0;
  }

  /** Whether another task may run on its CPU in its stead. */
  get preemptible(): boolean {
    return this.atomic === 0 && !this.irqsOff && !this.interrupts;
  }

  copy(): ThreadContext {
    const twin = new ThreadContext(this.name, this.cpu, this.kind);
    return Object.assign(twin, this, { allocations: { ...this.allocations } });
  }

  /** Equal strings mean contexts that no later step can tell apart. */
  key(): string {
    const { held, atomic, preemptOff, bhOff, rcu, irqsOff, asleep, allocations } = this;
    const { readsSequence, writesSequences } = this;
    return JSON.stringify([
      ...[held, atomic, preemptOff, bhOff, rcu, irqsOff, asleep],
      ...[readsSequence, writesSequences, allocations],
    ]);
  }
}
