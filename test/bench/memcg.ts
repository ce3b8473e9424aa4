import {
  assert,
  DEFINE_MUTEX,
  DEFINE_SPINLOCK,
  defineSpec,
  fetch_update,
  mutex_lock,
  mutex_unlock,
  options,
  peek,
  READ_ONCE,
  type Shared,
  type Steps,
  spin_lock,
  spin_unlock,
  variable,
  WRITE_ONCE,
  wait_until,
} from 'lockstep';
import { pop, push, read_both, wait_all } from './steps.ts';

const ABSENT = 0;
const ALIVE = 1;
const FREED = 2;
type Work = readonly ['create' | 'deactivate' | 'shutdown', number];
type Callback = readonly ['deactivate' | 'base-put', number];

const switches = options({ ordered: true, offline: 1, killRcu: false, fix: false });

/**
 * Teardown of per-memcg kmem caches (Linux v5.3), step for step the model of the same name in
 * Promela, to compare engines by. `memcgs` is its NC, `offline` its OFFL.
 */
export default defineSpec({
  name: 'memcg',
  params: { memcgs: 2 },
  variants: {
    small: {},
    twin: { params: { memcgs: 3 }, options: { offline: 3 } },
    fix: { options: { fix: true } },
    'kill-rcu': {
      options: { killRcu: true },
      violates: ['no use after free', 'no use of a freed root'],
    },
  },
  build({ params: { memcgs } }) {
    const all = Array.from({ length: memcgs }, (_, m) => m);
    const owners = all.slice(0, -1);
    const slab_mutex = DEFINE_MUTEX('slab_mutex');
    const wq_lock = DEFINE_SPINLOCK('wq_lock');
    const root_dying = variable('root_dying', 0);
    const root_freed = variable('root_freed', 0);
    const own = (m: number) => m < memcgs - 1;
    const obj = all.map((m) => variable(`obj${m}`, own(m)));
    const offline = all.map((m) => variable(`offline${m}`, false));
    const child = all.map((m) => variable(`child${m}`, own(m) ? ALIVE : ABSENT));
    const ref = all.map((m) => variable(`ref${m}`, own(m) ? 2 : 0));
    const wq = variable<readonly Work[]>('wq', []) as Shared<readonly Work[]>;
    const rq = variable<readonly Callback[]>('rq', []) as Shared<readonly Callback[]>;
    const [wq_tail, wq_done] = [variable('wq_tail', 0), variable('wq_done', 0)];
    const [rcu_tail, rcu_done] = [variable('rcu_tail', 0), variable('rcu_done', 0)];
    const t2_end = variable('t2_end', 0);
    const t4_end = variable('t4_end', 0);
    const increment = (of: Shared<number>) => fetch_update(of, (n) => n + 1);

    function* not_freed(m: number) {
      yield* assert((yield* READ_ONCE(child[m]!)) !== FREED, 'no use after free');
    }

    function* read_dying() {
      const [freed, dying] = yield* read_both(root_freed, root_dying);
      yield* assert(!freed, 'no use of a freed root');
      return dying;
    }

    function* put(m: number) {
      yield* not_freed(m);
      const left = (yield* fetch_update(ref[m]!, (n) => n - 1)) - 1;
      if (left !== 0) return;
      yield* spin_lock(wq_lock);
      yield* not_freed(m);
      if (!(yield* read_dying())) yield* push(wq, wq_tail, ['shutdown', m] as Work);
      yield* spin_unlock(wq_lock);
    }

    function* create(m: number) {
      if (yield* READ_ONCE(offline[m]!)) return;
      yield* spin_lock(wq_lock);
      const dying = yield* read_dying();
      yield* spin_unlock(wq_lock);
      if (dying) return;
      yield* WRITE_ONCE(ref[m]!, 1);
      yield* WRITE_ONCE(child[m]!, ALIVE);
    }

    function* deactivate(m: number) {
      yield* not_freed(m);
      if (switches.killRcu) yield* push(rq, rcu_tail, ['base-put', m] as Callback);
      else yield* put(m);
    }

    function* shutdown(m: number) {
      yield* not_freed(m);
      yield* assert((yield* READ_ONCE(root_freed)) === 0, 'no use of a freed root');
      yield* WRITE_ONCE(child[m]!, FREED);
    }

    function* kworker(): Steps {
      for (;;) {
        const [kind, m] = yield* pop(wq);
        yield* mutex_lock(slab_mutex);
        if (kind === 'create') yield* create(m);
        else if (kind === 'deactivate') yield* deactivate(m);
        else yield* shutdown(m);
        yield* mutex_unlock(slab_mutex);
        yield* increment(wq_done);
      }
    }

    function* krcu(): Steps {
      for (;;) {
        const [kind, m] = yield* pop(rq);
        if (kind === 'deactivate') {
          yield* not_freed(m);
          yield* push(wq, wq_tail, ['deactivate', m] as Work);
        } else {
          yield* put(m);
        }
        yield* increment(rcu_done);
      }
    }

    function* flush(tail: Shared<number>, done: Shared<number>) {
      const until = yield* READ_ONCE(tail);
      yield* wait_until(done, (n) => n >= until);
    }

    function* destroy() {
      if (switches.ordered) {
        yield* wait_all([
          [t2_end, 1],
          [t4_end, memcgs - 1],
        ]);
      }
      yield* spin_lock(wq_lock);
      yield* WRITE_ONCE(root_dying, 1);
      yield* spin_unlock(wq_lock);
      yield* flush(rcu_tail, rcu_done);
      yield* flush(wq_tail, wq_done);
      if (switches.fix) {
        for (const m of all) {
          if ((yield* READ_ONCE(child[m]!)) !== ALIVE) continue;
          yield* flush(rcu_tail, rcu_done);
          break;
        }
      }
      yield* mutex_lock(slab_mutex);
      let busy = false;
      for (const m of all) {
        if ((yield* READ_ONCE(child[m]!)) !== ALIVE) continue;
        if (yield* READ_ONCE(obj[m]!)) busy = true;
        else yield* WRITE_ONCE(child[m]!, FREED);
      }
      if (!busy) yield* WRITE_ONCE(root_freed, 1);
      yield* mutex_unlock(slab_mutex);
    }

    function* alloc_path() {
      yield* assert((yield* READ_ONCE(root_freed)) === 0, 'no use of a freed root');
      yield* push(wq, wq_tail, ['create', memcgs - 1] as Work);
      yield* WRITE_ONCE(t2_end, 1);
    }

    function* memcg_offline() {
      for (let m = 0; m < switches.offline; m++) {
        yield* WRITE_ONCE(offline[m]!, true);
        yield* mutex_lock(slab_mutex);
        if ((yield* READ_ONCE(child[m]!)) === ALIVE) {
          yield* spin_lock(wq_lock);
          if (!(yield* read_dying())) yield* push(rq, rcu_tail, ['deactivate', m] as Callback);
          yield* spin_unlock(wq_lock);
        }
        yield* mutex_unlock(slab_mutex);
      }
    }

    function* object_free(m: number) {
      yield* WRITE_ONCE(obj[m]!, false);
      yield* put(m);
      yield* increment(t4_end);
    }

    return {
      threads: {
        kworker: { run: kworker, daemon: true },
        krcu: { run: krcu, daemon: true },
        destroy,
        alloc_path,
        memcg_offline,
        ...Object.fromEntries(owners.map((m) => [`object_free${m}`, () => object_free(m)])),
      },
      atEnd: { 'no leak': () => child.every((each) => peek(each) !== ALIVE) },
    };
  },
});
