// SPDX-License-Identifier: GPL-2.0
// The page map's data, as pagemap.py packed it: unpacked into arrays with a number for each
// run of pages that are alike, and what is asked of them.

const ARENA = 512, NO_CLASS = 255, NO_COUNT = 65535, NO_NODE = 255;
const [RESERVED, PREPARED, CACHED, READY] = [0, 1, 2, 3];
const SPARSE = 8;

async function inflate(text) {
	const raw = atob(text), bytes = new Uint8Array(raw.length);
	for (let i = 0; i < raw.length; i++)
		bytes[i] = raw.charCodeAt(i);
	const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
	return new DataView(await new Response(stream).arrayBuffer());
}

// column(view, at, n, Kind, read): a typed array, whatever this machine's order of bytes.
function column(view, at, n, Kind, read) {
	const out = new Kind(n), bytes = out.BYTES_PER_ELEMENT;
	for (let i = 0; i < n; i++)
		out[i] = view[read](at + i * bytes, true);
	return out;
}

class PageRuns {
	static async load(shot, number) {
		const text = document.getElementById(`map-${number}`).textContent;
		return new PageRuns(shot, await inflate(text));
	}

	constructor(shot, view) {
		const n = shot.map.runs;
		let at = 0;
		const next = (Kind, read) => {
			const out = column(view, at, n, Kind, read);
			at += n * out.BYTES_PER_ELEMENT;
			return out;
		};
		this.n = n;
		this.count = next(Uint16Array, "getUint16");
		this.inuse = next(Uint16Array, "getUint16");
		this.total = next(Uint16Array, "getUint16");
		this.clas = next(Uint8Array, "getUint8");
		this.kind = next(Uint8Array, "getUint8");
		this.cpu = next(Int16Array, "getInt16");
		this.node = next(Uint8Array, "getUint8");
		this.start = new Uint32Array(n + 1);
		for (let i = 0; i < n; i++)
			this.start[i + 1] = this.start[i] + this.count[i];
		this.pages = this.start[n];
		this.arenas = shot.map.arenas.flatMap(([first, many]) => Array.from({ length: many }, (_, i) => first + i));
		this.summarize();
	}

	// The run that a page lies in; pages are counted without the space between the arenas.
	find(page) {
		let low = 0, high = this.n - 1;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if (this.start[middle] <= page)
				low = middle;
			else
				high = middle - 1;
		}
		return low;
	}

	address(page) {
		const [arena, offset] = [Math.floor(page / ARENA), page % ARENA];
		return (this.arenas[arena] * ARENA + offset) * PAGE;
	}

	// Kinds of spans are four to a state, the last one that of object caches.
	isCache(run) { return this.kind[run] > READY && (this.kind[run] - READY - 1) % 4 === 3; }
	isSpan(run) { return this.clas[run] !== NO_CLASS; }
	isEmpty(run) { return this.isSpan(run) && !this.inuse[run]; }
	isSparse(run) { return this.isSpan(run) && this.inuse[run] > 0 && this.inuse[run] * SPARSE < this.total[run]; }

	// Part of a span's objects that is in use: 0 to 1; a large object's is all.
	fullness(run) {
		return this.total[run] ? Math.min(1, this.inuse[run] / this.total[run]) : this.inuse[run] ? 1 : 0;
	}

	// Of each arena, pages: used, free in spans, idle; the rest is reserved.
	summarize() {
		const many = this.arenas.length;
		this.used = new Float32Array(many);
		this.unused = new Float32Array(many);
		this.idle = new Float32Array(many);
		for (let run = 0; run < this.n; run++) {
			const arena = this.start[run] >> 9, pages = this.count[run], kind = this.kind[run];
			if (kind >= READY) {
				const full = this.fullness(run) * pages;
				this.used[arena] += full;
				this.unused[arena] += pages - full;
			} else if (kind !== RESERVED) {
				this.idle[arena] += pages;
			}
		}
	}

	// The next run from there on, round the end, of which @is is true; -1 if there is none.
	next(from, is) {
		for (let i = 1; i <= this.n; i++) {
			const run = (from + i) % this.n;
			if (is(run))
				return run;
		}
		return -1;
	}
}

// --- what a page's colour says, in three ways

const STATES = [["owned", "fill-4", "owned: a CPU allocates from it"], ["full", "fill-6", "full"],
	["queued", "empty", "queued: its central will take it back"], ["partial", "fill-0", "partly used, in its central"]];
const IDLE_KEYS = [["reserved", "reserved: the kernel has it"], ["idle", "prepared: idle"], ["cached", "cached by a CPU: idle"]];

// In the colours of the classes idle pages are grey.
const GREY_KEYS = IDLE_KEYS.map(([, text], i) => [["reserved", "metadata", "pale"][i], text]);

// Keys of a way: [colour, words]; index(runs, run): which of them.
const WAYS = {
	occupancy: {
		keys: [...IDLE_KEYS, ["empty", "span without an object"],
			...["under 12 % used", "12 – 25 %", "25 – 40 %", "40 – 60 %", "60 – 80 %", "80 – 95 %", "full, or nearly"].map((text, i) =>
				[`fill-${i}`, text])],
		index(runs, run) {
			if (runs.kind[run] < READY)
				return runs.kind[run];
			if (runs.isEmpty(run))
				return 3;
			const full = runs.fullness(run);
			return 4 + (full < 1 / 8 ? 0 : full < 1 / 4 ? 1 : full < .4 ? 2 : full < .6 ? 3 : full < .8 ? 4 : full < .95 ? 5 : 6);
		},
	},
	class: {
		keys: [...GREY_KEYS, ["large", "above 32 KiB"], ["cache", "object caches"],
			...["8 – 80 B", "96 – 224 B", "240 – 448 B", "480 B – 1.1 KiB", "1.2 – 3.4 KiB", "4 – 10 KiB", "10 – 32 KiB"].map((text, i) =>
				[`class-${i}`, text])],
		index(runs, run) {
			if (runs.kind[run] < READY)
				return runs.kind[run];
			if (!runs.clas[run])
				return runs.isCache(run) ? 4 : 3;
			return 5 + [7, 16, 24, 33, 43, 54].reduce((n, last) => n + (runs.clas[run] > last), 0);
		},
	},
	state: {
		keys: [...IDLE_KEYS, ["fill-3", "span, state not known"], ...STATES.map(([, color, text]) => [color, text])],
		index(runs, run) {
			const kind = runs.kind[run];
			return kind <= READY ? kind : 4 + ((kind - READY - 1) >> 2);
		},
	},
};
