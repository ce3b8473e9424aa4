/**
 * The rules that are checked without being asked for, by the tool of the kernel that has them, with
 * the name under which each is reported. A data race is reported with the functions that it is in.
 */
export const RULES = {
  lockdep: [
    'possible circular locking dependency detected',
    'possible recursive locking detected',
    'inconsistent lock state',
    'HARDIRQ-safe -> HARDIRQ-unsafe lock order detected',
    'SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected',
    'Invalid wait context',
    'recursive locking',
    'unlock imbalance',
    'lock held at exit',
    'lock not held',
    'lock held',
    'preemption not disabled',
    'IRQs not enabled as expected',
    'IRQs not disabled as expected',
    'raw_local_irq_restore() called with IRQs enabled',
    'handler enabled interrupts',
  ],
  RCU: [
    'suspicious RCU usage',
    'Voluntary context switch within RCU read-side critical section!',
    'double call_rcu',
    'double call_srcu',
    'leaked srcu_struct',
  ],
  modules: ['callback pending at module exit'],
  scheduler: [
    'deadlock',
    'sleeping function called from invalid context',
    'scheduling while atomic',
    'do not call blocking ops when !TASK_RUNNING',
    'using smp_processor_id() in preemptible code',
  ],
  KCSAN: ['data-race'],
  KASAN: [
    'use-after-free',
    'double-free',
    'invalid-free',
    'null-ptr-deref',
    'general protection fault',
  ],
  kmemleak: ['memory leak'],
  'debug objects': [
    'active object freed',
    'active object initialised',
    'uninitialised object activated',
    'uninitialised object used',
    'timer already pending',
    'del_timer_sync in hardirq',
  ],
  lists: ['list corruption'],
  refcounts: [
    'refcount_t: addition on 0; use-after-free',
    'refcount_t: underflow; use-after-free',
    'refcount_t: decrement hit 0; leaking memory',
    'refcount_t: saturated; leaking memory',
    'percpu_ref get at zero',
    'percpu_ref underflow',
    'percpu_ref killed twice',
    'percpu_ref <= 0 after switching to atomic',
    'percpu_ref exit while a switch is in flight',
    'percpu_ref reinit while not zero',
    'percpu_ref reinit not allowed',
    'percpu_ref resurrect while not dead',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export function isRule(name: string): boolean {
  return Object.values<readonly string[]>(RULES).some((rules) => rules.includes(name));
}

/** The rule that a property is named after: some have what it is about behind the name. */
export function ruleIn(property: string): string | null {
  const rules = Object.values<readonly string[]>(RULES).flat();
  return rules.find((rule) => isNamedAfter(property, rule)) ?? null;
}

export function isNamedAfter(property: string, rule: string): boolean {
  return property.startsWith(rule) && /^$|^(:| in )/.test(property.slice(rule.length));
}

/**
 * Nothing may be concluded of what follows a report of these, so that a search does not go beyond it,
 * also when the rule is not checked.
 */
const LAST: readonly string[] = [
  ...RULES.KASAN,
  'recursive locking',
  'unlock imbalance',
  'list corruption',
  'callback pending at module exit',
];

export function endsSchedule(rule: string): boolean {
  return LAST.includes(rule);
}
