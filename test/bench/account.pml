/* Twin of account in families.ts: THREADS take one lock ROUNDS times each, and add 1 under it. */
#ifndef THREADS
#define THREADS 3
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

bit held;
byte total, returned;

proctype worker()
{
	byte round, seen;

	do
	:: round < ROUNDS ->
		atomic { !held -> held = 1 };
		seen = total;
		total = seen + 1;
		held = 0;
		round++
	:: else -> break
	od;
	returned++
}

init {
	byte t;

	atomic {
		do
		:: t < THREADS -> run worker(); t++
		:: else -> break
		od
	};
	returned == THREADS;
	assert(total == THREADS * ROUNDS)
}
