/**
 * What the kernel keeps per task and what is a function of the thread's own history: the locks it
 * holds, how deep it is in atomic and RCU sections, how much it has allocated. It belongs to the
 * local state, so it costs no shared object and no dependence.
 */
export class ThreadContext {
  readonly name: string;
  readonly cpu: number;
  /** What kind of code runs: a softirq may never sleep. */
  readonly kind: 'process' | 'worker' | 'softirq';
  /** Locks held, in order of acquisition, by object name. */
  held: string[] = [];
  /** preempt_count: spinlocks, bottom halves off; above 0 sleeping is a bug. */
  atomic = 0;
  /** Nesting of rcu_read_lock. */
  rcu = 0;
  /** Interrupts are off on this thread's CPU. */
  irqsOff = false;
  /** Allocations made so far, per kind of object. */
  allocations: Record<string, number> = {};

  constructor(name: string, cpu: number, kind: 'process' | 'worker' | 'softirq') {
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

  /** How deep in sections that hold back grace periods: RCU readers and anything not preemptible. */
  get readers(): number {
    return this.atomic + this.rcu + (this.irqsOff ? 1 : 0);
  }

  copy(): ThreadContext {
    const twin = new ThreadContext(this.name, this.cpu, this.kind);
    return Object.assign(twin, this, {
      held: [...this.held],
      allocations: { ...this.allocations },
    });
  }

  /** Equal strings mean contexts that no later step can tell apart. */
  key(): string {
    return JSON.stringify([this.held, this.atomic, this.rcu, this.irqsOff, this.allocations]);
  }
}
