/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The span state protocol of goalloc/mspan.h, for spin.
 *
 * One span struct with two objects and, over its lives, one owner at a time.
 * Four parties: the owner (mcache.c: refill, flush), two freeing CPUs
 * (mcache_free.c), whose spare the span may become, or to which their window may move, and
 * a drainer (mcentral.c: drain, settle, trim, take_listed, take_queued), who also reuses the
 * struct for a new span after retiring it.  What a freeing CPU owns it flushes, or goes on with as
 * the owner.
 * Memory is sequentially consistent: the kernel's smp_mb() and atomic operations
 * stand between every store and load whose order the argument needs.
 *
 * Checked in every state:
 *	no object is handed out twice, and no free finds its bit set already
 *	the struct is on the llist at most once
 * Checked when everybody has stopped:
 *	every object is in use, in the map or in the window, and in one of them
 *	no span with free objects is FULL, or QUEUED without being on the llist, or
 *	PARTIAL without being on a list
 *	no wholly free span is PARTIAL without the central knowing
 *
 * BREAK selects a defect that the check must find; see scripts/check-model.sh.
 *	1  FULL is stored without a second look at the map
 *	2  a free does not look at the state
 *	3  PARTIAL is stored without a second look at the map
 *	4  the drainer takes a listed span without a cmpxchg
 *	5  the free that queues an empty span stores instead of a cmpxchg
 *	6  a drained span without free objects is left QUEUED
 *	7  the free that takes a full span stores instead of a cmpxchg
 *	8  a spare that turns out to be full is dropped
 *	9  a window moves to a full span by a store instead of a cmpxchg
 *	10 a window that leaves a span does not give back what it has
 */
#ifndef BREAK
#define BREAK 0
#endif
#ifndef ALLOCS
#define ALLOCS 3	/* allocations by the owner */
#endif
#ifndef DRAINS
#define DRAINS 4	/* visits of the central by the drainer */
#endif

#define ALL 3		/* both objects */
#define BIT(i) (1 << (i))

mtype = { DEAD, OWNED, FULL, QUEUED, PARTIAL };

mtype state = OWNED;
byte map = ALL;		/* free_bits: set by anybody */
byte window;		/* the owner's */
bool holds = true;	/* the owner has the span in its slot */
byte onq;		/* times on the llist */
bool listed, wholly;	/* on a list of the central; as wholly free */
bool lock;		/* mcentral.lock */
byte live;		/* objects that clients have */
byte dead_lives;	/* how often the struct was reused */
bool owner_done;
bool spare;		/* a CPU that freed or left it has the span as its spare, in which
			 * something may be free or not */
bool moved;		/* a CPU that freed has its window there */

/* cmpxchg; ok says whether it won */
#define CAS(from, to, ok) atomic { if :: state == from -> state = to; ok = true :: else -> ok = false fi }

inline push() { atomic { assert(onq == 0); assert(state == QUEUED); onq++ } }

inline acquire() { atomic { !lock -> lock = true } }
inline release() { lock = false }

/* A span that is QUEUED and off the llist finds its place; the lock is held. */
inline settle(ok)
{
	do
	:: true ->
		assert(state == QUEUED);
		bits = map;
		listed = false;
		wholly = false;
		if
		:: bits == ALL ->
			if
			:: true -> listed = true; wholly = true; state = PARTIAL
			:: true -> state = DEAD
			fi;
			break
		:: bits != ALL && bits != 0 ->
			listed = true;
			state = PARTIAL;
#if BREAK == 3
			break
#endif
			if
			:: map == ALL -> CAS(PARTIAL, QUEUED, ok); if :: ok -> skip :: else -> break fi
			:: else -> break
			fi
		:: bits == 0 ->
#if BREAK == 6
			break
#endif
			state = FULL;
			if
			:: map != 0 -> CAS(FULL, QUEUED, ok); if :: ok -> skip :: else -> break fi
			:: else -> break
			fi
		fi
	od
}

inline drain(ok)
{
	if
	:: atomic { onq > 0 -> onq-- }; settle(ok)
	:: onq == 0 -> skip
	fi
}

/* take_listed(): the drainer's caller becomes the owner */
inline take(ok)
{
	if
	:: listed ->
		listed = false;
		wholly = false;
#if BREAK == 4
		state = OWNED;
		ok = true
#else
		CAS(PARTIAL, OWNED, ok)
#endif
	:: else -> ok = false
	fi
}

/* take_queued(): likewise, straight off the llist */
inline take_queued(ok)
{
	if
	:: atomic { onq > 0 -> onq-- };
		assert(state == QUEUED);
		if
		:: map != 0 ->
			listed = false;
			wholly = false;
			state = OWNED;
			ok = true
		:: else -> settle(ok); ok = false
		fi
	:: onq == 0 -> ok = false
	fi
}

/* Everybody has stopped: nothing may be lost. */
active proctype judge()
{
	_nr_pr == 1;
	assert((map & window) == 0 && (map & live) == 0 && (window & live) == 0);
	if
	:: state != DEAD -> assert((map | window | live) == ALL)
	:: else -> assert(live == 0)
	fi;
	assert(!((spare || moved) && state != OWNED));
	assert(!(state == OWNED && !holds && !spare && !moved));
	assert(!(state == FULL && map != 0));
	assert(!(state == QUEUED && onq == 0));
	assert(!(state == PARTIAL && !listed));
	assert(!(state == PARTIAL && map == ALL && !wholly))
}

active proctype owner()
{
	byte bits, n, i;
	bool ok;

	do
	:: holds && window != 0 && n < ALLOCS ->
		/* alloc: the lowest bit */
		atomic {
			i = (window & 1 -> 0 : 1);
			assert(!(live & BIT(i)));
			window = window & ~BIT(i);
			live = live | BIT(i);
			n++
		}
	:: holds && window == 0 && map != 0 && n < ALLOCS ->
		/* refill: publish, then clear; in between an object is in both.  If all are
		 * free, clear without looking at what is there. */
		bits = map;
		window = bits;
		if
		:: bits == ALL -> map = 0
		:: else -> map = map & ~bits
		fi
	:: holds && window == 0 ->
		/* mspan_becomes_full() */
		bits = map;
		if
		:: bits == 0 ->
			holds = false;
			state = FULL;
#if BREAK != 1
			if
			:: map != 0 -> CAS(FULL, OWNED, ok); holds = ok
			:: else -> skip
			fi
#endif
		:: else -> skip
		fi
	:: atomic { holds && window == 0 && !spare ->
		/* kept for what will be freed, whatever is free in it (spare.h) */
		holds = false;
		spare = true
	   }
	:: holds && (window != 0 || n == ALLOCS) ->
		/* flush, a slow path that lets go, or a window that leaves for another span */
#if BREAK != 10
		map = map | window;
#endif
		window = 0;
		holds = false;
		if
		:: !spare -> spare = true
		:: state = QUEUED; push()
		fi
	:: atomic { !holds && moved -> moved = false; holds = true; assert(state == OWNED) }
	:: atomic {
		!holds && spare ->
		spare = false;
		assert(state == OWNED);
#if BREAK == 8
		holds = (map != 0)
#else
		holds = true
#endif
	   }
	:: !holds && n < ALLOCS ->
		/* the central, or a new span in the same struct */
		acquire();
		take(ok);
		if
		:: !ok -> drain(ok); take(ok)
		:: !ok -> take_queued(ok)
		:: else -> skip
		fi;
		release();
		holds = ok;
		if
		:: !ok ->
			atomic {
				if
				:: state == DEAD ->
					map = ALL;
					dead_lives++;
					state = OWNED;
					holds = true
				:: else -> skip
				fi
			}
		:: else -> skip
		fi
	:: !holds && n >= ALLOCS -> break
	:: !holds -> break	/* no more work */
	od;
	owner_done = true
}

/* A client's object is freed from another CPU. */
active [2] proctype freer()
{
	byte i, bits;
	bool ok;
	mtype st;

	do
	:: atomic {
		live != 0 ->
		if
		:: live & 1 -> i = 0
		:: live & 2 -> i = 1
		fi;
		live = live & ~BIT(i)
	   };
		/* move_to_full() */
		ok = false;
		if
		:: state == FULL ->
#if BREAK == 9
			state = OWNED;
			ok = true
#else
			CAS(FULL, OWNED, ok)
#endif
		:: true -> skip	/* the slot is busy, or of another node */
		fi;
		if
		:: ok ->
			bits = map;
			assert(window == 0);
			window = bits;
			map = map & ~bits;
			atomic {
				assert(!(map & BIT(i)) && !(window & BIT(i)));
				window = window | BIT(i);
				moved = true
			};
			goto next
		:: else -> skip
		fi;
		atomic {
			assert(!(map & BIT(i)));
			assert(!(window & BIT(i)));
			map = map | BIT(i)
		}
#if BREAK != 2
		st = state;
		if
		:: st == FULL ->
			/* adopt(): a spare, or let go */
#if BREAK == 7
			state = OWNED;
			ok = true;
#else
			CAS(FULL, OWNED, ok);
#endif
			if
			:: ok && !spare -> spare = true
			:: ok -> state = QUEUED; push()
			:: else -> skip
			fi
		:: st == PARTIAL && map == ALL ->
#if BREAK == 5
			state = QUEUED;
			ok = true;
#else
			CAS(PARTIAL, QUEUED, ok);
#endif
			if
			:: ok -> push()
			:: else -> skip
			fi
		:: else -> skip
		fi
#endif
next:		skip
	:: atomic { spare -> spare = false }; state = QUEUED; push()	/* flush */
	:: atomic { moved -> moved = false };			/* likewise */
		map = map | window;
		window = 0;
		state = QUEUED;
		push()
	:: owner_done && live == 0 -> break
	:: true -> break	/* the client keeps what it has */
	od
}

active proctype drainer()
{
	byte bits, n;
	bool ok;

	do
	:: n < DRAINS ->
		n++;
		acquire();
		drain(ok);
		if
		:: wholly ->
			/* trim: PARTIAL -> DEAD */
			listed = false;
			wholly = false;
			CAS(PARTIAL, DEAD, ok)
		:: true -> skip
		fi;
		release()
	:: true -> break
	od
}
