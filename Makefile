# SPDX-License-Identifier: GPL-2.0
# goalloc: Go's memory allocator as a loadable kernel module.  `make help`.
#
# Sources are linked into build/<kernel release>/ and built there, so that
# builds for several kernels live side by side.

KERNELRELEASE	?= $(shell uname -r)
KDIR		?= /lib/modules/$(KERNELRELEASE)/build

# Debian's headers name the compiler that built the kernel, such as gcc-14.  Where
# that is missing gcc does, without what an older one and its pahole cannot do.
KERNEL_CC	:= $(shell grep -o 'gcc-[0-9]*' $(KDIR)/.kernelvariables 2>/dev/null)
ifneq ($(KERNEL_CC),)
ifeq ($(shell command -v $(KERNEL_CC)),)
OTHER_CC	:= CC=gcc CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT= CONFIG_DEBUG_INFO_BTF_MODULES=
endif
endif

RELEASE		:= $(shell awk '{ gsub("\"", ""); print $$3 }' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
BUILD		:= $(CURDIR)/build/$(RELEASE)
KBUILD		:= $(MAKE) --no-print-directory -C $(KDIR) M=$(BUILD) $(OTHER_CC)

.PHONY: all modules selftests clients kunit install modules_install clean run test test-all check \
	coverage mutate bench docs deb deb-test tools tools_install help stage

all: modules

modules: stage	## build goalloc.ko for the running kernel, or for KDIR=<its build directory>
	+@$(KBUILD) modules
	@echo "built $(BUILD)/goalloc/goalloc.ko"

selftests: stage	## build goalloc.ko and the client modules of selftests/
	+@$(KBUILD) GOALLOC_SELFTESTS=m modules

# What of the kernel's source the clients are built from: files, and whole directories.
CLIENT_SOURCES	:= rhashtable.c test_rhashtable.c objagg.c test_objagg.c parman.c test_parman.c
CLIENT_XARRAY	:= xarray.c radix-tree.c radix-tree.h test_xarray.c
CLIENT_DRIVERS	:= net/wireguard block/null_blk

clients: modules	## build the clients of selftests/clients (KSOURCE= the kernel's source)
	+@for kind in plain dropin; do \
		dir=$(BUILD)/clients.build/$$kind && mkdir -p $$dir $(BUILD)/clients/$$kind && \
		cp -asf $(CURDIR)/selftests/clients/. $(addprefix $(KSOURCE)/drivers/,$(CLIENT_DRIVERS)) $$dir && \
		ln -sf $(addprefix $(KSOURCE)/lib/,$(CLIENT_SOURCES)) $$dir && \
		for file in $(CLIENT_XARRAY); do \
			[ ! -e $(KSOURCE)/lib/$$file ] || ln -sf $(KSOURCE)/lib/$$file $$dir/xarray || exit; \
		done && \
		$(MAKE) --no-print-directory -C $(KDIR) M=$$dir $(OTHER_CC) GOALLOC=$(CURDIR) \
			CLIENTS=$$dir DROPIN=$$([ $$kind = plain ] || echo y) CONFIG_WIREGUARD_DEBUG=y \
			KBUILD_EXTRA_SYMBOLS=$(BUILD)/Module.symvers modules && \
		find $$dir -name '*.ko' -exec cp -t $(BUILD)/clients/$$kind {} + && \
		strip --strip-debug $(BUILD)/clients/$$kind/*.ko || exit; \
	done

kunit: stage	## build goalloc.ko and the KUnit suites (KDIR= a kernel with CONFIG_KUNIT)
	+@$(KBUILD) GOALLOC_KUNIT=m modules

install: modules_install	## install goalloc.ko (as root; INSTALL_MOD_PATH= as in the kernel)

modules_install: modules
	+@$(KBUILD) modules_install

tools:	## build goallocstat and goalloctop, which show what goalloc holds, in build/tools
	@$(MAKE) --no-print-directory -C tools O=$(CURDIR)/build/tools

tools_install:	## install them, goalloc-report and manual pages (as root; PREFIX=/usr/local, DESTDIR=)
	@$(MAKE) --no-print-directory -C tools O=$(CURDIR)/build/tools install

run:	## boot a stock kernel in QEMU, replay a trace on goalloc, show what it holds
	@scripts/run.sh

test:	## KUnit and selftests under QEMU, checks on this machine; last line: N passed, N failed
	@scripts/test.sh

test-all:	## the test matrix: every kernel and machine, or CELL="name ..." of it
	@scripts/test-all.sh $(CELL)

check:	## static checks, the layers and the model; last line: N passed, N failed
	@scripts/check.sh

coverage:	## which lines of goalloc/ the tests execute, under QEMU: 95 per cent or more
	@scripts/coverage.sh

mutate:	## break goalloc one line at a time; some test must notice
	@scripts/mutate

bench:	## goalloc measured beside SLUB, by instructions and natively (QUICK=1: under 5 minutes)
	@scripts/bench --document $(if $(QUICK),--quick)

docs:	## the documentation as HTML, build/docs/html/index.html
	@scripts/docs.sh

deb:	## build the packages goalloc-dkms and goalloc-tools, in build/deb
	@scripts/deb.sh

deb-test:	## install them in a Debian 12 chroot, build, load, remove (as root)
	@scripts/deb-test.sh

clean:	## remove what was built here (kernels stay in the cache)
	rm -rf build

help:	## list the targets
	@echo "goalloc: Go's memory allocator as a Linux kernel module.  make TARGET, with TARGET one of"
	@sed -n 's/^\([a-z_-]*\):.*## */  \1|/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'
	@echo "Fetched and built kernels are kept in $${GOALLOC_CACHE:-$$HOME/.cache/goalloc}."

stage:
	@[ -n "$(RELEASE)" ] || { \
		echo "goalloc: no kernel to build against in $(KDIR)." >&2; \
		echo "Install its headers (Debian: linux-headers-$(KERNELRELEASE)) or give KDIR=<build directory>;" >&2; \
		echo "'make run' and 'make test' need neither.  See 'make help'." >&2; \
		exit 1; }
	@mkdir -p $(BUILD)
	@cp -asf $(addprefix $(CURDIR)/,Kbuild include goalloc selftests kunit) $(BUILD)/
