import { type Operation, operation, renamed, type Steps } from '../model/operation.ts';
import type { Shared } from '../model/shared.ts';
import { READ_ONCE } from './access.ts';
import { named } from './ghost.ts';
import {
  cpus_read_lock,
  cpus_read_unlock,
  cpus_write_lock,
  cpus_write_unlock,
} from './percpu-rwsem.ts';
import { OUTSIDE, reader_of } from './rcu_reader.ts';
import { rmw } from './rmw.ts';
import { cpu_numbers, thread_names } from './system.ts';

/**
 * CPU hotplug (kernel/cpu.c). All CPUs are online at the start.
 *
 * The rules:
 * - cpu_up and cpu_down hold cpu_hotplug_lock for writing, also while callbacks run: what these wait
 *   for must not take it, not even for reading.
 * - Callbacks have a state, by which they are ordered: cpu_up calls `startup` of each in that order,
 *   cpu_down `teardown` of each in the reverse one. Between those below CPUHP_BRINGUP_CPU and those
 *   above it the CPU gets into cpu_online_mask, or out of it.
 * - It gets out by stop_machine(), which waits until no CPU has preemption off. boot's RCU knows all
 *   such sections; RCU readers count too, as without CONFIG_PREEMPT_RCU.
 *
 * The callbacks run in the thread that calls cpu_up or cpu_down; in the kernel that waits for the
 * cpuhp thread of the CPU. They do not fail. What an offline CPU had queued (works, timers, RCU
 * callbacks) goes on where it is, as it would on the CPU that the kernel moves it to.
 */
export type CpuhpCallback = (cpu: number) => Steps<unknown>;

interface CpuhpStep {
  readonly state: number;
  readonly name: string;
  readonly startup: CpuhpCallback | null;
  readonly teardown: CpuhpCallback | null;
}

/** Where cpuhp_setup_state finds a state: callbacks for a CPU that is offline, and that is online. */
export const CPUHP_BP_PREPARE_DYN = 1;
const CPUHP_BRINGUP_CPU = 21;
export const CPUHP_AP_ONLINE_DYN = 22;

/** The CPUs that are online. For properties too. */
export function cpu_online_mask(): Shared<readonly number[]> {
  return named<readonly number[]>('cpu_online_mask', cpu_numbers());
}

export function cpu_online(cpu: number): Operation<boolean> {
  return operation<boolean>({
    name: 'cpu_online',
    args: [cpu],
    reads: [cpu_online_mask()],
    step: ([online]) => ({ result: online.includes(cpu) }),
  });
}

/** `for_each_online_cpu(cpu) { ... }`: looks at the mask anew for each CPU. */
export function* for_each_online_cpu(body: (cpu: number) => Steps<unknown>): Steps {
  let cpu = yield* cpumask_next(-1);
  while (cpu !== null) {
    yield* body(cpu);
    cpu = yield* cpumask_next(cpu);
  }
}

/** The first online CPU after this one. */
function cpumask_next(n: number): Operation<number | null> {
  return operation<number | null>({
    name: 'cpumask_next',
    args: [n],
    reads: [cpu_online_mask()],
    step: ([online]) => ({ result: online.find((cpu: number) => cpu > n) ?? null }),
  });
}

/**
 * Registers callbacks behind those that were registered in the same place, and calls `startup` for
 * each online CPU. Gives the state, by which cpuhp_remove_state knows them.
 */
export function* cpuhp_setup_state(
  place: typeof CPUHP_BP_PREPARE_DYN | typeof CPUHP_AP_ONLINE_DYN,
  name: string,
  startup: CpuhpCallback | null,
  teardown: CpuhpCallback | null,
): Steps<number> {
  yield* cpus_read_lock();
  const state = yield* store_callbacks(place, name, startup, teardown);
  if (startup) yield* for_each_online_cpu(startup);
  yield* cpus_read_unlock();
  return state;
}

/** Calls `teardown` for each online CPU, and forgets the callbacks. */
export function* cpuhp_remove_state(state: number): Steps {
  yield* cpus_read_lock();
  const step = (yield* callbacks()).find((each) => each.state === state);
  if (step?.teardown) yield* for_each_online_cpu(step.teardown);
  yield* remove_callbacks(state);
  yield* cpus_read_unlock();
}

/** False when it is online already. */
export function* cpu_up(cpu: number): Steps<boolean> {
  yield* cpus_write_lock();
  const offline = !(yield* cpu_online(cpu));
  if (offline) {
    const steps = yield* callbacks();
    for (const step of steps) if (step.state < CPUHP_BRINGUP_CPU) yield* call(step.startup, cpu);
    yield* bringup_cpu(cpu);
    for (const step of steps) if (step.state > CPUHP_BRINGUP_CPU) yield* call(step.startup, cpu);
  }
  yield* cpus_write_unlock();
  return offline;
}

/** False when it is offline already, or the last one. */
export function* cpu_down(cpu: number): Steps<boolean> {
  yield* cpus_write_lock();
  const online = yield* renamed('num_online_cpus', READ_ONCE(cpu_online_mask()));
  const possible = online.includes(cpu) && online.length > 1;
  if (possible) {
    const steps = [...(yield* callbacks())].reverse();
    for (const step of steps) if (step.state > CPUHP_BRINGUP_CPU) yield* call(step.teardown, cpu);
    yield* take_cpu_down(cpu);
    for (const step of steps) if (step.state < CPUHP_BRINGUP_CPU) yield* call(step.teardown, cpu);
  }
  yield* cpus_write_unlock();
  return possible;
}

function* call(callback: CpuhpCallback | null, cpu: number): Steps {
  if (callback) yield* callback(cpu);
}

function bringup_cpu(cpu: number): Operation<void> {
  return rmw<readonly number[], void>('bringup_cpu', [cpu], cpu_online_mask(), (online) => ({
    value: [...online, cpu].sort((a, b) => a - b),
    result: undefined,
  }));
}

function take_cpu_down(cpu: number): Operation<void> {
  const readers = thread_names().map(reader_of);
  return operation<void>({
    name: 'take_cpu_down',
    args: [cpu],
    writes: [cpu_online_mask()],
    reads: readers.filter((reader) => reader !== undefined),
    blocks: true,
    step: ([online, ...sections]) =>
      sections.some((section) => section !== OUTSIDE)
        ? null
        : { result: undefined, values: [online.filter((other: number) => other !== cpu)] },
  });
}

/** The callbacks, in the order of their states. */
function cpuhp_hp_states(): Shared<readonly CpuhpStep[]> {
  return named<readonly CpuhpStep[]>('cpuhp_hp_states', []);
}

function callbacks(): Operation<readonly CpuhpStep[]> {
  return renamed('cpuhp_get_step', READ_ONCE(cpuhp_hp_states()));
}

function store_callbacks(
  place: number,
  name: string,
  startup: CpuhpCallback | null,
  teardown: CpuhpCallback | null,
): Operation<number> {
  const args = [place, name, startup, teardown];
  return rmw('cpuhp_setup_state', args, cpuhp_hp_states(), (steps) => {
    let state = place;
    while (steps.some((step) => step.state === state)) state++;
    const added = [...steps, { state, name, startup, teardown }];
    return { value: added.sort((a, b) => a.state - b.state), result: state };
  });
}

function remove_callbacks(state: number): Operation<void> {
  return rmw<readonly CpuhpStep[], void>(
    'cpuhp_remove_state',
    [state],
    cpuhp_hp_states(),
    (steps) => ({
      value: steps.filter((step) => step.state !== state),
      result: undefined,
    }),
  );
}
