import { type Operation, operation, type Report, renamed, type Steps } from '../model/operation.ts';
import { runtime } from '../model/runtime.ts';
import { Shared, type Struct } from '../model/shared.ts';
import type { Embedded } from './memory.ts';
import { call_rcu, RcuHead } from './rcu.ts';

/**
 * Per-CPU reference counts (lib/percpu-refcount.c).
 *
 * In per-CPU mode gets and puts add to per-CPU counters, and nobody can see zero. Killing the ref
 * switches it to one atomic count: the flag is set, a callback is queued with call_rcu, and after
 * the grace period it adds the counters up. Until then a bias keeps the count from reaching zero.
 *
 * The model keeps the true sum. Kernel gets and puts read the mode and then count, two steps, but
 * inside one RCU section, and the sum is taken only after a grace period: a get that still saw
 * per-CPU mode is in the sum, exactly as if it had come before the kill. So each is one step here.
 *
 * kill runs with interrupts off under percpu_ref_switch_lock and is one step too.
 */
export type Release = (ref: PercpuRef) => Steps<unknown>;
/** confirm_switch: run once all CPUs see that the ref counts in one atomic. */
export type Confirm = (ref: PercpuRef) => Steps<unknown>;

export interface RefState {
  readonly mode: 'percpu' | 'atomic';
  /** References held, the base one and that of a switch in flight included. */
  readonly count: number;
  readonly dead: boolean;
  /** The switch callback has not run. The bias is in the count. */
  readonly switching: boolean;
  readonly confirm: Confirm | null;
  /** The per-CPU counters are allocated. */
  readonly memory: boolean;
  readonly release: Release | null;
  /** PERCPU_REF_ALLOW_REINIT: the counters stay when the switch is over. */
  readonly allow_reinit?: true;
}

export class PercpuRef extends Shared<RefState | null> {
  readonly rcu: RcuHead;
  readonly parts: readonly RcuHead[];

  constructor(name: string, owner: Struct | null, initial: RefState | null) {
    super(name, initial, owner);
    this.rcu = new RcuHead(`${name}.rcu`, null, owner);
    this.parts = [this.rcu];
  }
}

/** What a ref that is live from the start is given. */
export interface RefInitial {
  readonly release: Release | null;
  /** References held, the base one included (default 1). */
  readonly count?: number;
  readonly flags?: RefFlags;
  /** It was killed and has switched, so `count` is without the base reference. */
  readonly killed?: boolean;
}

/**
 * PERCPU_REF_INIT_ATOMIC: the ref is one atomic count from the start, as a refcount_t would be.
 * PERCPU_REF_ALLOW_REINIT: it can be used again after a kill. In the kernel this goes for the other
 * flag as well, and until v5.3 for every ref.
 */
export type RefFlags = 'PERCPU_REF_INIT_ATOMIC' | 'PERCPU_REF_ALLOW_REINIT' | 0;

/** `struct percpu_ref` inside a heap struct; `object` may be given what a live one starts with. */
export function percpu_ref(): Embedded<PercpuRef, RefInitial> {
  return {
    declares: 'percpu_ref()',
    embed: (name, owner, from) => new PercpuRef(name, owner, from ? started(from) : null),
  };
}

/** The state of a ref that is there from the start. */
export function started({ release, count = 1, flags = 0, killed = false }: RefInitial): RefState {
  const state = { ...live(release, flags), count };
  return killed ? { ...state, mode: 'atomic', dead: true, memory: false } : state;
}

export function percpu_ref_init(
  ref: PercpuRef,
  release: Release,
  flags: RefFlags = 0,
): Operation<void> {
  return operation<void>({
    name: 'percpu_ref_init',
    args: flags === 0 ? [ref, release] : [ref, release, flags],
    writes: [ref],
    step: () => ({ result: undefined, values: [live(release, flags)] }),
  });
}

/** In atomic mode a get at 0 is silent in the kernel; reported here, since it revives a released object. */
export function percpu_ref_get(ref: PercpuRef): Operation<void> {
  return percpu_ref_get_many(ref, 1);
}

export function percpu_ref_get_many(ref: PercpuRef, n: number): Operation<void> {
  return operation<void>({
    name: n === 1 ? 'percpu_ref_get' : 'percpu_ref_get_many',
    args: n === 1 ? [ref] : [ref, n],
    writes: [ref],
    step: ([state]) => ({
      result: undefined,
      values: [{ ...state, count: state.count + n }],
      reports: drained(state)
        ? [misuse(ref, 'percpu_ref get at zero', 'is taken after its count reached 0')]
        : [],
    }),
  });
}

function drained(state: RefState): boolean {
  return exact(state) && state.count <= 0;
}

/** Fails only at a count of zero in atomic mode: a killed ref can still be taken. */
export function percpu_ref_tryget(ref: PercpuRef): Operation<boolean> {
  return tryget('percpu_ref_tryget', ref, (state) => !drained(state));
}

/** Fails as soon as the ref is killed. */
export function percpu_ref_tryget_live(ref: PercpuRef): Operation<boolean> {
  return tryget('percpu_ref_tryget_live', ref, (state) => !state.dead && !drained(state));
}

/** The put that reaches zero in atomic mode runs the release callback, in this thread's context. */
export function* percpu_ref_put(ref: PercpuRef): Steps {
  const release = yield* put(ref, 1);
  if (release) yield* release(ref);
}

export function* percpu_ref_put_many(ref: PercpuRef, n: number): Steps {
  const release = yield* renamed('percpu_ref_put_many', put(ref, n));
  if (release) yield* release(ref);
}

/** Gives the release callback when this is the put that has to run it. */
export function put(ref: PercpuRef, n: number): Operation<Release | undefined> {
  return operation<Release | undefined>({
    name: 'percpu_ref_put',
    args: n === 1 ? [ref] : [ref, n],
    writes: [ref],
    step: ([state]: readonly RefState[]) => {
      const after = { ...state!, count: state!.count - n };
      const low = exact(after) && after.count < 0;
      return {
        result: exact(after) && after.count === 0 ? (after.release ?? undefined) : undefined,
        values: [after],
        reports: low ? [misuse(ref, 'percpu_ref underflow', `is put at ${state!.count}`)] : [],
      };
    },
  });
}

/** percpu_ref_kill_and_confirm(ref, NULL). */
export function* percpu_ref_kill(ref: PercpuRef): Steps {
  yield* percpu_ref_kill_and_confirm(ref, null);
}

/**
 * Drops the base reference and begins the switch to one atomic count. A ref that is one already is
 * confirmed at once, and the base reference may be the last.
 */
export function* percpu_ref_kill_and_confirm(ref: PercpuRef, confirm: Confirm | null): Steps {
  const at_once = yield* kill(ref, confirm);
  if (!at_once) return;
  if (confirm) yield* confirm(ref);
  yield* percpu_ref_put(ref);
}

/** True when there are no per-CPU counters to be added up, after a grace period. */
function kill(ref: PercpuRef, confirm: Confirm | null): Operation<true | undefined> {
  const { writes, step: queue } = call_rcu(ref.rcu, percpu_ref_switch_to_atomic_rcu).spec;
  return operation<true | undefined>({
    name: 'percpu_ref_kill',
    args: confirm ? [ref, confirm] : [ref],
    writes: [ref, ...writes!],
    step: ([state, ...rcu], thread) => {
      if (state.dead) {
        const twice = misuse(ref, 'percpu_ref killed twice', 'is killed again');
        return { result: undefined, reports: [{ ...twice, crash: true }] };
      }
      if (state.mode === 'atomic') {
        return { result: true, values: [{ ...state, dead: true }, ...rcu] };
      }
      // One reference for the switch taken, the base one dropped.
      const killed = { ...state, mode: 'atomic', dead: true, switching: true, confirm };
      const queued = queue!(rcu, thread)!;
      return { ...queued, result: undefined, values: [killed, ...(queued.values ?? rcu)] };
    },
  });
}

/** The switch callback: adds up, confirms, frees the counters, then drops its own reference. */
export function* percpu_ref_switch_to_atomic_rcu(head: RcuHead): Steps {
  const ref = ref_of(head);
  const confirm = yield* switched(ref);
  if (confirm) yield* confirm(ref);
  yield* percpu_ref_put(ref);
}

function switched(ref: PercpuRef): Operation<Confirm | null> {
  return operation<Confirm | null>({
    name: 'percpu_ref_switch_to_atomic_rcu',
    args: [ref],
    writes: [ref],
    step: ([state]: readonly RefState[]) => ({
      result: state!.confirm,
      values: [
        { ...state!, switching: false, memory: state!.allow_reinit ?? false, confirm: null },
      ],
      reports:
        state!.count <= 0
          ? [misuse(ref, 'percpu_ref <= 0 after switching to atomic', `has count ${state!.count}`)]
          : [],
    }),
  });
}

/** Whether the last reference is gone; never so before the switch of a kill is over. */
export function percpu_ref_is_zero(ref: PercpuRef): Operation<boolean> {
  return operation<boolean>({
    name: 'percpu_ref_is_zero',
    args: [ref],
    reads: [ref],
    step: ([state]) => ({ result: exact(state) && state.count === 0 }),
  });
}

/** Makes a killed ref whose count has reached 0 live again, with its base reference. */
export function percpu_ref_reinit(ref: PercpuRef): Steps {
  return revive('percpu_ref_reinit', ref, (state) =>
    exact(state) && state.count === 0
      ? []
      : [misuse(ref, 'percpu_ref reinit while not zero', `is used again at ${state.count}`)],
  );
}

/** As percpu_ref_reinit, for any count. */
export function percpu_ref_resurrect(ref: PercpuRef): Steps {
  return revive('percpu_ref_resurrect', ref, () => []);
}

/** It is live at once; its gets and puts are per-CPU again when no switch is in flight. */
function* revive(
  name: string,
  ref: PercpuRef,
  check: (state: RefState) => readonly Report[],
): Steps {
  const switching = yield* operation<boolean>({
    name,
    args: [ref],
    writes: [ref],
    step: ([state]) => {
      if (!state.allow_reinit) {
        const never = misuse(ref, 'percpu_ref reinit not allowed', 'has no counters to go back to');
        return { result: false, reports: [{ ...never, crash: true }] };
      }
      const alive = misuse(ref, 'percpu_ref resurrect while not dead', 'was not killed');
      const { switching } = state;
      const mode = switching ? 'atomic' : 'percpu';
      return {
        result: switching,
        values: [{ ...state, mode, dead: false, count: state.count + 1 }],
        reports: [...check(state), ...(state.dead ? [] : [alive])],
      };
    },
  });
  if (switching) yield* switch_to_percpu(ref);
}

/** Whoever kills it again meanwhile wins. */
function switch_to_percpu(ref: PercpuRef): Operation<void> {
  return operation<void>({
    name: 'percpu_ref_switch_to_percpu',
    args: [ref],
    writes: [ref],
    blocks: true,
    step: ([state]) =>
      state.switching
        ? null
        : { result: undefined, values: [state.dead ? state : { ...state, mode: 'percpu' }] },
  });
}

/** Frees the counters. Nothing to do when the switch callback has done so. */
export function percpu_ref_exit(ref: PercpuRef): Operation<void> {
  return operation<void>({
    name: 'percpu_ref_exit',
    args: [ref],
    writes: [ref],
    step: ([state]: readonly (RefState | null)[]) => ({
      result: undefined,
      values: [state?.memory ? { ...state, memory: false, mode: 'atomic', dead: true } : state],
      reports:
        state?.memory && state.switching
          ? [
              misuse(
                ref,
                'percpu_ref exit while a switch is in flight',
                'is torn down before its switch callback ran',
              ),
            ]
          : [],
    }),
  });
}

function tryget(
  name: string,
  ref: PercpuRef,
  may: (state: RefState) => boolean,
): Operation<boolean> {
  return operation<boolean>({
    name,
    args: [ref],
    writes: [ref],
    step: ([state]: readonly RefState[]) =>
      may(state!)
        ? { result: true, values: [{ ...state!, count: state!.count + 1 }] }
        : { result: false },
  });
}

function live(release: Release | null, flags: RefFlags): RefState {
  const percpu = flags !== 'PERCPU_REF_INIT_ATOMIC';
  return {
    mode: percpu ? 'percpu' : 'atomic',
    count: 1,
    dead: false,
    switching: false,
    confirm: null,
    memory: percpu,
    release,
    ...(flags === 'PERCPU_REF_ALLOW_REINIT' ? { allow_reinit: true } : {}),
  };
}

/** Zero can be seen: the count is one number, and has no bias. */
function exact(state: RefState): boolean {
  return state.mode === 'atomic' && !state.switching;
}

/** container_of(rcu, struct percpu_ref, rcu) */
function ref_of(head: RcuHead): PercpuRef {
  return runtime.objects.get(head.name.slice(0, -'.rcu'.length)) as PercpuRef;
}

function misuse(ref: PercpuRef, rule: string, what: string): Report {
  return {
    rule,
    message: `percpu_ref ${ref.name} ${what}`,
    object: ref.name,
    ...(ref.owner ? { type: ref.owner.type } : {}),
  };
}
