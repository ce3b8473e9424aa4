/* Twin of lastzero in families.ts: cells are bumped one by one while a thread looks for the last 0. */
#ifndef THREADS
#define THREADS 5
#endif

byte cell[THREADS + 1];

proctype scan()
{
	byte at = THREADS;

	do
	:: cell[at] != 0 -> at--
	:: cell[at] == 0 -> break
	od
}

proctype bump(byte at)
{
	byte seen;

	seen = cell[at - 1];
	cell[at] = seen + 1
}

init {
	byte at = 1;

	atomic {
		run scan();
		do
		:: at <= THREADS -> run bump(at); at++
		:: else -> break
		od
	}
}
