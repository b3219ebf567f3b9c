// SPDX-License-Identifier: GPL-2.0

//go:build ignore

// Shows the size classes of the Go runtime that this program runs on, so that
// host_sizeclasses.sh can compare goalloc's with them.  It prints
//
//	size CLASS BYTES	an entry of MemStats.BySize
//	malloc N CLASS		an allocation of N bytes made CLASS's Mallocs rise
//	round FIRST LAST BYTES	append() rounds FIRST to LAST bytes up to BYTES
//
// BySize has 61 entries and so ends below the largest classes; append() tells
// of those too, because it grows a slice to the size class that it lands in.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

const (
	maxSmallSize = 32768
	maxTinySize  = 16 // pointer-free objects below this share blocks
	pointerSize  = 8
	repeat       = 64 // tells our allocations from the runtime's own
)

// What is stored here must live in the heap.
var (
	bytes    []byte
	pointers []*byte
)

// allocate makes one object of n bytes.  Tiny ones hold a pointer, as otherwise
// the tiny allocator would serve them.
func allocate(n int) {
	if n < maxTinySize {
		pointers = make([]*byte, n/pointerSize)
	} else {
		bytes = make([]byte, n)
	}
}

// risen returns the class that allocations of n bytes were counted in, and
// false if there is not exactly one.
func risen(n int) (class int, ok bool) {
	var before, after runtime.MemStats
	found := 0

	runtime.ReadMemStats(&before)
	for i := 0; i < repeat; i++ {
		allocate(n)
	}
	runtime.ReadMemStats(&after)
	for i := range after.BySize {
		if after.BySize[i].Mallocs-before.BySize[i].Mallocs >= repeat {
			class = i
			found++
		}
	}
	return class, found == 1
}

// printSizes shows BySize as it is.
func printSizes(sizes []int) {
	for class, size := range sizes {
		fmt.Println("size", class, size)
	}
}

// printMallocs tries the smallest, a middle and the largest request of each class.
func printMallocs(sizes []int) {
	for class := 1; class < len(sizes); class++ {
		least, most := sizes[class-1]+1, sizes[class]
		for _, n := range []int{least, (least + most) / 2, most} {
			if n < maxTinySize && n%pointerSize != 0 {
				continue // pointers cannot fill it
			}
			got, ok := risen(n)
			if !ok {
				fmt.Fprintln(os.Stderr, "bysize: no single class rose for", n, "bytes")
				os.Exit(1)
			}
			fmt.Println("malloc", n, got)
		}
	}
}

// roundUp returns what append() makes of n bytes.
func roundUp(n int) int {
	return cap(append([]byte(nil), make([]byte, n)...))
}

// printRounding goes through every small size.
func printRounding() {
	first, size := 1, roundUp(1)
	for n := 2; n <= maxSmallSize; n++ {
		if next := roundUp(n); next != size {
			fmt.Println("round", first, n-1, size)
			first, size = n, next
		}
	}
	fmt.Println("round", first, maxSmallSize, size)
}

func main() {
	var stats runtime.MemStats
	var sizes []int

	runtime.ReadMemStats(&stats)
	for _, entry := range stats.BySize {
		sizes = append(sizes, int(entry.Size))
	}
	printSizes(sizes)
	printRounding()
	debug.SetGCPercent(-1) // the collector would add allocations of its own
	printMallocs(sizes)
}
