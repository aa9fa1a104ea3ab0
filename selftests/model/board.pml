/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 the ktls-ocsp authors */
/*
 * A model of the board for spin: one response, its writer in the kernel, and
 * readers that are threads of one process. See model/check.
 *
 * Two places in memory are written without a lock that readers take: the
 * response's pointer to its blob, and its generation on the board. Each is a
 * list of the values that were stored. A load may find any of them that is
 * not older than what its thread knows of, as on weakly ordered processors; a
 * release store carries what the writer knew, and an acquire load learns it.
 *
 * A blob, and the context that a process makes of it, is named by its
 * generation. What is asserted:
 *  - nobody touches a blob, a context or a clone that was freed;
 *  - a reader is never given a blob older than one that it was given, or than
 *    a generation that it saw on the board.
 *
 * Each of these breaks an assertion, when it is defined:
 *   RELAXED      the generation is stored without release
 *   BOARD_FIRST  the generation is published before the blob
 *   NO_GRACE     the kernel frees a blob at once, not after a grace period
 *   NO_REF       a cache holds no reference on its clone
 *   NO_COMPARE   a cache is used without a look at the board
 */
#define READERS	2
#ifndef GETS
#define GETS	2	/* of each reader */
#endif
#ifndef BLOBS
#define BLOBS	2	/* generations 1 .. BLOBS */
#endif
#define STORES	(2 * BLOBS + 1)
#define CLONES	(READERS * GETS + 1)

#define BIT(r)	(1 << (r))

/* The pointer, 0 being NULL, and the board. */
byte ptr[STORES], ptr_knows[STORES], ptrs = 1;
byte board[STORES], board_knows[STORES], boards = 1;

/* How far each reader, and the lock with whoever had it, has come. */
byte at_ptr[READERS], at_board[READERS];
byte lock_ptr, lock_board;
bit locked;

/*
 * Blobs in the kernel: references, the store that replaced each, and readers
 * for whom its grace period waits, as for all who are in_rcu when it begins.
 */
byte refs[BLOBS + 1], replaced_by[BLOBS + 1], waits[BLOBS + 1], in_rcu;
bool dead[BLOBS + 1], freed[BLOBS + 1];

/* Contexts: originals by generation, with one the handle's; clones. */
byte original_refs[BLOBS + 1], current;
bool original_freed[BLOBS + 1];
byte clone_refs[CLONES], clone_of[CLONES], clones = 1;
bool clone_freed[CLONES];

byte got[READERS];	/* clones that the application has */

inline blob_put(g)
{
	refs[g]--;
	if
	:: !refs[g] ->
		dead[g] = true;
#ifndef NO_GRACE
		waits[g] = in_rcu;
#endif
		freed[g] = !waits[g]
	:: else
	fi
}

inline learn_ptr(r, store)
{
	if
	:: store > at_ptr[r] -> at_ptr[r] = store
	:: else
	fi
}

/* Who comes while a grace period runs is waited for, or sees what was before. */
inline rcu_lock(r)
{
	atomic {
		in_rcu = in_rcu | BIT(r);
		for (i : 1 .. BLOBS) {
			if
			:: dead[i] -> learn_ptr(r, replaced_by[i])
			:: dead[i] && !freed[i] -> waits[i] = waits[i] | BIT(r)
			:: !dead[i]
			fi
		}
		i = 0
	}
}

inline rcu_unlock(r)
{
	atomic {
		in_rcu = in_rcu & ~BIT(r);
		for (i : 1 .. BLOBS) {
			waits[i] = waits[i] & ~BIT(r);
			freed[i] = dead[i] && !waits[i]
		}
		i = 0
	}
}

inline store_ptr(g)
{
	ptr[ptrs] = g;
	ptr_knows[ptrs] = boards - 1;
	ptrs++
}

inline store_board(g)
{
	board[boards] = g;
#ifndef RELAXED
	board_knows[boards] = ptrs - 1;
#endif
	boards++
}

/* swap_contents() in the kernel */
inline swap(g)
{
#ifdef BOARD_FIRST
	d_step { store_board(g) };
	d_step { store_ptr(g) };
#else
	d_step { store_ptr(g) };
	d_step { store_board(g) };
#endif
	d_step {
		if
		:: old -> replaced_by[old] = ptrs - 1; blob_put(old)
		:: else
		fi;
		old = g
	}
}

/* Replaces, withdraws, and stores again. */
active proctype writer()
{
	byte old, g = 1;

	do
	:: g <= BLOBS ->
		refs[g] = 1;
		swap(g);
		g++
	:: g <= BLOBS && old -> swap(0)
	:: g > BLOBS -> break
	od
}

inline load_board(r)
{
	atomic {
		select(i : at_board[r] .. boards - 1);
		at_board[r] = i;
		g = board[i];
		learn_ptr(r, board_knows[i]);
		if
		:: g > seen -> seen = g
		:: else
		fi;
		i = 0
	}
}

inline load_ptr(r)
{
	atomic {
		select(i : at_ptr[r] .. ptrs - 1);
		at_ptr[r] = i;
		g = ptr[i];
		if
		:: ptr_knows[i] > at_board[r] -> at_board[r] = ptr_knows[i]
		:: else
		fi;
		i = 0
	}
}

inline take_lock(r)
{
	atomic {
		!locked -> locked = 1;
		learn_ptr(r, lock_ptr);
		if
		:: lock_board > at_board[r] -> at_board[r] = lock_board
		:: else
		fi
	}
}

inline drop_lock(r)
{
	d_step {
		lock_ptr = at_ptr[r];
		lock_board = at_board[r];
		locked = 0
	}
}

inline original_put(g)
{
	assert(!original_freed[g]);
	original_refs[g]--;
	original_freed[g] = !original_refs[g]
}

inline clone_put(s)
{
	assert(!clone_freed[s]);
	clone_refs[s]--;
	if
	:: !clone_refs[s] ->
		clone_freed[s] = true;
		original_put(clone_of[s])
	:: else
	fi
}

/* The command "get": g is the blob that it brings, or 0. */
inline ask_kernel(r)
{
	rcu_lock(r);
	do
	:: load_ptr(r);
		atomic {
			assert(!g || !freed[g]);
			if
			:: !g -> break
			:: g && refs[g] -> refs[g]++; break
			:: else /* it was replaced under us: look again */
			fi
		}
	od;
	rcu_unlock(r);
	if
	:: g ->
		d_step {
			assert(!freed[g]);
			blob_put(g)
		}
	:: else
	fi
}

/* look_store(): the handle's context becomes the one that the kernel has. */
inline renew_current()
{
	d_step {
		if
		:: g && g != current ->
			assert(!original_refs[g] && !original_freed[g]);
			original_refs[g] = 1;
			if
			:: current -> original_put(current)
			:: else
			fi;
			current = g
		:: else
		fi
	}
}

/* ocsp_thread_cache_set(): cached is new, s is its clone. */
inline remember()
{
	d_step {
		s = clones;
		clones++;
		clone_of[s] = g;
		clone_refs[s] = 1;
		if
		:: cached -> clone_put(cached)
		:: else
		fi;
		cached = s;
#ifndef NO_REF
		clone_refs[s]++
#endif
	}
}

/* The application: keeps what it got, and frees what any thread got before. */
inline hand_over(r)
{
	d_step {
		assert(!clone_freed[s] && !original_freed[clone_of[s]]);
		assert(clone_of[s] >= seen);
		seen = clone_of[s]
	};
	atomic {
		select(i : 0 .. READERS - 1);
		if
		:: got[i] -> clone_put(got[i])
		:: else
		fi;
		got[i] = s;
		i = 0
	}
}

proctype reader(byte r)
{
	byte g, i, s, seen, cached, n;

	do
	:: n == GETS -> break
	:: else ->
		n++;
		s = 0;
		if
		:: cached -> load_board(r);
			atomic {
				if
#ifdef NO_COMPARE
				:: true ->
#else
				:: g == clone_of[cached] ->
#endif
					s = cached;
					assert(!clone_freed[s]);
					clone_refs[s]++
				:: else
				fi
			}
		:: else
		fi;
		if
		:: !s ->
			take_lock(r);
			load_board(r);
			if
			:: g && g == current
			:: else -> ask_kernel(r); renew_current()
			fi;
			if
			:: g -> original_refs[g]++
			:: else
			fi;
			drop_lock(r);
			if
			:: g -> remember()
			:: else
			fi
		:: else
		fi;
		if
		:: s -> hand_over(r)
		:: else
		fi
	od
}

init {
	atomic {
		run reader(0);
		run reader(1)
	}
}
