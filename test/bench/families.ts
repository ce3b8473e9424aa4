import {
  cmpxchg,
  DEFINE_MUTEX,
  defineSpec,
  load,
  mutex_lock,
  mutex_unlock,
  peek,
  READ_ONCE,
  type Steps,
  store,
  variable,
  WRITE_ONCE,
} from 'lockstep';

/** Families of programs that papers on partial-order reduction measure by, one per variant. */
export default defineSpec({
  name: 'families',
  /** How many threads, of those that there are many of; how often each goes round (account). */
  params: { n: 5, rounds: 2 },
  variants: {
    account: { params: { n: 3 } },
    'account-alike': { params: { n: 3 } },
    readers: { params: { n: 8 } },
    lastzero: { params: { n: 5 } },
    filesystem: { params: { n: 14 } },
    indexer: { params: { n: 3 } },
    ring: { params: { n: 10 } },
  },
  build({ params: { n, rounds }, variant }) {
    const some = <T>(count: number, make: (n: number) => T): T[] =>
      Array.from({ length: count }, (_, each) => make(each));
    const numbers = (name: string, count: number) =>
      some(count, (each) => variable(name + each, 0));
    const threads = (count: number, prefix: string, run: (each: number) => Steps) =>
      Object.fromEntries(some(count, (each) => [prefix + each, () => run(each)]));

    /** Each thread, some rounds: lock, add, unlock. */
    function account() {
      const lock = DEFINE_MUTEX('lock');
      const x = variable('x', 0);
      function* worker() {
        for (let i = 0; i < rounds; i++) {
          yield* mutex_lock(lock);
          const seen = yield* load(x);
          yield* store(x, seen + 1);
          yield* mutex_unlock(lock);
        }
      }
      return {
        threads: threads(n, 'worker', worker),
        atEnd: { 'nothing lost': () => peek(x) === rounds * n },
        ...(variant === 'account-alike' && { symmetric: [some(n, (each) => `worker${each}`)] }),
      };
    }

    /** One writer, n readers. */
    function readers() {
      const x = variable('x', 0);
      return {
        threads: {
          *writer() {
            yield* WRITE_ONCE(x, 1);
          },
          ...Object.fromEntries(
            some(n, (each) => [
              `reader${each}`,
              function* () {
                yield* READ_ONCE(x);
              },
            ]),
          ),
        },
      };
    }

    function lastzero() {
      const a = numbers('a', n + 1);
      return {
        threads: {
          *scan() {
            for (let i = n; (yield* READ_ONCE(a[i]!)) !== 0; ) i--;
          },
          ...Object.fromEntries(
            some(n, (each) => [
              `bump${each + 1}`,
              function* () {
                const seen = yield* READ_ONCE(a[each]!);
                yield* WRITE_ONCE(a[each + 1]!, seen + 1);
              },
            ]),
          ),
        },
      };
    }

    /** Flanagan and Godefroid's file system: 32 inodes, 26 blocks. */
    function filesystem() {
      const inodeLocks = some(32, (each) => DEFINE_MUTEX(`li${each}`));
      const inodes = numbers('inode', 32);
      const blockLocks = some(26, (each) => DEFINE_MUTEX(`lb${each}`));
      const busy = numbers('busy', 26);
      function* worker(t: number) {
        const i = t % 32;
        yield* mutex_lock(inodeLocks[i]!);
        if ((yield* load(inodes[i]!)) === 0) {
          for (let b = (2 * i) % 26; ; b = (b + 1) % 26) {
            yield* mutex_lock(blockLocks[b]!);
            if ((yield* load(busy[b]!)) === 0) {
              yield* store(busy[b]!, 1);
              yield* store(inodes[i]!, b + 1);
              yield* mutex_unlock(blockLocks[b]!);
              break;
            }
            yield* mutex_unlock(blockLocks[b]!);
          }
        }
        yield* mutex_unlock(inodeLocks[i]!);
      }
      return { threads: threads(n, 'worker', worker) };
    }

    /** Flanagan and Godefroid's indexer: a hash table of 128 places, 4 messages a thread. */
    function indexer() {
      const table = numbers('table', 128);
      function* worker(t: number) {
        for (let m = 1; m <= 4; m++) {
          const w = 11 * m + t;
          let h = (7 * w) % 128;
          while ((yield* cmpxchg(table[h]!, 0, w)) !== 0) h = (h + 1) % 128;
        }
      }
      return { threads: threads(n, 'worker', worker) };
    }

    /** Threads that share one variable in a ring with each neighbour: nothing much to reduce. */
    function ring() {
      const x = numbers('x', n);
      function* worker(each: number) {
        const seen = yield* READ_ONCE(x[(each + 1) % n]!);
        yield* WRITE_ONCE(x[each]!, 1 - seen);
      }
      return { threads: threads(n, 'worker', worker) };
    }

    const make = {
      account,
      'account-alike': account,
      readers,
      lastzero,
      filesystem,
      indexer,
      ring,
    };
    return make[variant as keyof typeof make]();
  },
});
