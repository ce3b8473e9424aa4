/* Twin of filesystem in families.ts: each thread gives its inode the first block that is not busy. */
#ifndef THREADS
#define THREADS 14
#endif
#define INODES 32
#define BLOCKS 26

bit inode_lock[INODES], block_lock[BLOCKS], busy[BLOCKS];
byte inode[INODES];

#define take(bit)  atomic { !bit -> bit = 1 }

proctype worker(byte t)
{
	byte i, b;

	i = t % INODES;
	take(inode_lock[i]);
	if
	:: inode[i] == 0 ->
		b = (2 * i) % BLOCKS;
		do
		:: take(block_lock[b]);
			if
			:: !busy[b] ->
				busy[b] = 1;
				inode[i] = b + 1;
				block_lock[b] = 0;
				break
			:: else ->
				block_lock[b] = 0;
				b = (b + 1) % BLOCKS
			fi
		od
	:: else
	fi;
	inode_lock[i] = 0
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
