// SPDX-License-Identifier: GPL-2.0
/*
 * sampling: the arithmetic of sampling by bytes.
 *
 * When the gaps between samples are distributed exponentially, the chance that one falls
 * into an object of n bytes is 1 - exp(-n / rate), whatever came before it.  So a sampled
 * object stands for as many as the inverse of that.  There is no floating point in the
 * kernel: numbers here have 20, 31 or 40 bits behind the point.
 */
#include <linux/math64.h>

#include "internal.h"

#define LOG2_BITS	20
#define P_SHIFT		40

/*
 * Binary logarithm of a number that is not 0, in units of 2^-20, by squaring: each
 * square of a number from 1 to 2 says one bit.  Rounded down; the error is below two units.
 */
static u64 log2_fixed(u32 n)
{
	unsigned int i, whole = __fls(n);
	u64 x = (u64)n << (31 - whole), log = whole;	/* x: 31 bits behind the point */

	for (i = 0; i < LOG2_BITS; i++) {
		x = (x * x) >> 31;
		log = log << 1 | x >> 32;
		x >>= x >> 32;
	}
	return log;
}

/**
 * sampling_gap() - bytes from one sample to the next
 * @rate: their mean, at most %MPROF_RATE_MAX
 * @random: a random number
 *
 * Return: -ln(r) * rate, of a random r from (0, 1].
 */
unsigned long sampling_gap(unsigned long rate, u32 random)
{
	const u64 ln2 = 726817;		/* in units of 2^-20 */
	u64 log = random ? (32ULL << LOG2_BITS) - log2_fixed(random) : 0;

	return rate == 1 ? 0 : (rate * ((log * ln2) >> LOG2_BITS)) >> LOG2_BITS;
}
EXPORT_SYMBOL_FOR_KUNIT(sampling_gap);

/**
 * sampling_scale() - how many objects a sampled one stands for
 * @size: its bytes
 * @rate: mean bytes between samples
 *
 * 1 / (1 - exp(-size / rate)), as pprof does it.  The exponential is a series for a
 * number below 1/8, of which 1 - exp(-2x) = 2p - p^2 makes that of twice the number.
 *
 * Return: the factor, in units of 2^-20.
 */
u64 sampling_scale(u64 size, unsigned long rate)
{
	u64 x, x2, p;
	unsigned int doublings = 0;

	if (rate <= 1 || size >= 24 * (u64)rate)
		return BIT(SAMPLING_SHIFT);
	for (x = (size << P_SHIFT) / rate; x >= BIT(P_SHIFT - 3); x /= 2)
		doublings++;
	x2 = mul_u64_u64_shr(x, x, P_SHIFT);
	p = x - x2 / 2 + mul_u64_u64_shr(x2, x, P_SHIFT) / 6 -
	    mul_u64_u64_shr(x2, x2, P_SHIFT) / 24;
	while (doublings--)
		p = 2 * p - mul_u64_u64_shr(p, p, P_SHIFT);
	return p ? BIT(SAMPLING_SHIFT + P_SHIFT) / p : 0;
}
EXPORT_SYMBOL_FOR_KUNIT(sampling_scale);
