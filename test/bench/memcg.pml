/*
 * Twin of memcg.ts, with its names: teardown of per-memcg kmem caches (Linux v5.3), a statement for
 * each of its steps. memcgs 0 .. MEMCGS-2 own a cache with an object in it, the last one gets its
 * cache from a work.
 */
#ifndef MEMCGS
#define MEMCGS 2
#endif
#ifndef OFFLINE
#define OFFLINE 1
#endif
#ifndef ORDERED
#define ORDERED 1
#endif
#ifndef KILL_RCU
#define KILL_RCU 0
#endif
#ifndef FIX
#define FIX 0
#endif

/* Of a child */
#define ABSENT 0
#define ALIVE  1
#define FREED  2
/* Works */
#define CREATE     0
#define DEACTIVATE 1
#define SHUTDOWN   2
/* RCU callbacks */
#define TO_DEACTIVATE 0
#define BASE_PUT      1

#define OWNERS  (MEMCGS - 1)
#define FINITE  (3 + OWNERS)

bit slab_mutex, wq_lock, root_dying, root_freed;
bit obj[MEMCGS], offline[MEMCGS];
byte child[MEMCGS], ref[MEMCGS];
chan wq = [3 * MEMCGS + 2] of { byte, byte };
chan rq = [2 * MEMCGS + 2] of { byte, byte };
byte wq_tail, wq_done, rcu_tail, rcu_done;
bit t2_end;
byte t4_end, returned;

#define take(l)           atomic { !l -> l = 1 }
#define give(l)           l = 0
#define push_work(w, m)   atomic { wq!w, m; wq_tail++ }
#define push_rcu(f, m)    atomic { rq!f, m; rcu_tail++ }
#define not_freed(m)      assert(child[m] != FREED)
#define flush(tail, done) until = tail; done >= until

inline read_dying(into)
{
	d_step { assert(!root_freed); into = root_dying }
}

inline put(m, dying, left)
{
	not_freed(m);
	d_step { ref[m] = ref[m] - 1; left = ref[m] }
	if
	:: left == 0 ->
		take(wq_lock);
		not_freed(m);
		read_dying(dying);
		if
		:: !dying -> push_work(SHUTDOWN, m)
		:: else
		fi;
		give(wq_lock)
	:: else
	fi;
	/* Dead from here on: no state is to differ by it. */
	dying = 0;
	left = 0
}

active proctype kworker()
{
	byte work, m, left;
	bit dying;

end:	do
	:: wq?work, m ->
		take(slab_mutex);
		if
		:: work == CREATE ->
			if
			:: !offline[m] ->
				take(wq_lock);
				read_dying(dying);
				give(wq_lock);
				if
				:: !dying -> ref[m] = 1; child[m] = ALIVE
				:: else
				fi;
				dying = 0
			:: else
			fi
		:: work == DEACTIVATE ->
			not_freed(m);
#if KILL_RCU
			push_rcu(BASE_PUT, m)
#else
			put(m, dying, left)
#endif
		:: work == SHUTDOWN ->
			not_freed(m);
			assert(!root_freed);
			child[m] = FREED
		fi;
		give(slab_mutex);
		atomic { wq_done++; work = 0; m = 0 }
	od
}

active proctype krcu()
{
	byte callback, m, left;
	bit dying;

end:	do
	:: rq?callback, m ->
		if
		:: callback == TO_DEACTIVATE -> not_freed(m); push_work(DEACTIVATE, m)
		:: callback == BASE_PUT -> put(m, dying, left)
		fi;
		atomic { rcu_done++; callback = 0; m = 0 }
	od
}

active proctype destroy()
{
	byte until, m;
	bit in_use;

#if ORDERED
	t2_end && t4_end == OWNERS;
#endif
	take(wq_lock);
	root_dying = 1;
	give(wq_lock);
	flush(rcu_tail, rcu_done);
	flush(wq_tail, wq_done);
#if FIX
	m = 0;
	do
	:: m < MEMCGS ->
		if
		:: child[m] == ALIVE -> flush(rcu_tail, rcu_done); break
		:: else
		fi;
		m++
	:: else -> break
	od;
#endif
	until = 0;
	m = 0;
	take(slab_mutex);
	do
	:: m < MEMCGS ->
		if
		:: child[m] == ALIVE ->
			if
			:: !obj[m] -> child[m] = FREED
			:: else -> in_use = 1
			fi
		:: else
		fi;
		m++
	:: else -> break
	od;
	if
	:: !in_use -> root_freed = 1
	:: else
	fi;
	give(slab_mutex);
	returned++
}

active proctype alloc_path()
{
	assert(!root_freed);
	push_work(CREATE, MEMCGS - 1);
	t2_end = 1;
	returned++
}

active proctype memcg_offline()
{
	byte m;
	bit dying;

	do
	:: m < OFFLINE ->
		offline[m] = 1;
		take(slab_mutex);
		if
		:: child[m] == ALIVE ->
			take(wq_lock);
			read_dying(dying);
			if
			:: !dying -> push_rcu(TO_DEACTIVATE, m)
			:: else
			fi;
			give(wq_lock);
			dying = 0
		:: else
		fi;
		give(slab_mutex);
		m++
	:: else -> break
	od;
	returned++
}

proctype object_free(byte m)
{
	byte left;
	bit dying;

	obj[m] = 0;
	put(m, dying, left);
	t4_end++;
	returned++
}

init {
	byte m;

	d_step {
		do
		:: m < OWNERS -> child[m] = ALIVE; ref[m] = 2; obj[m] = 1; m++
		:: else -> break
		od;
		m = 0
	}
	atomic {
		do
		:: m < OWNERS -> run object_free(m); m++
		:: else -> m = 0; break
		od
	};
	(returned == FINITE && rcu_done == rcu_tail && wq_done == wq_tail);
	do
	:: m < MEMCGS -> assert(child[m] != ALIVE); m++	/* a leak */
	:: else -> break
	od
}
