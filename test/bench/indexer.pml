/* Twin of indexer in families.ts: each thread puts 4 messages into a hash table, by cmpxchg. */
#ifndef THREADS
#define THREADS 12
#endif
#define PLACES 128
#define MESSAGES 4

byte table[PLACES];

proctype worker(byte t)
{
	byte m = 1, message, at;
	bit mine;

	do
	:: m <= MESSAGES ->
		d_step { message = 11 * m + t; at = (7 * message) % PLACES };
		do
		:: d_step {
				if
				:: table[at] == 0 -> table[at] = message; mine = 1
				:: else -> mine = 0
				fi
			}
			if
			:: mine -> break
			:: else -> at = (at + 1) % PLACES
			fi
		od;
		m++
	:: else -> break
	od
}

init {
	byte t;

	atomic {
		do
		:: t < THREADS -> run worker(t); t++
		:: else -> break
		od
	}
}
