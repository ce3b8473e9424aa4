/* Twin of readers in families.ts: one write of a variable that THREADS others read once. */
#ifndef THREADS
#define THREADS 8
#endif

byte shared;

proctype writer()
{
	shared = 1
}

proctype reader()
{
	byte seen;

	seen = shared
}

init {
	byte t;

	atomic {
		run writer();
		do
		:: t < THREADS -> run reader(); t++
		:: else -> break
		od
	}
}
