# SPDX-License-Identifier: Apache-2.0
# The short names of what meson and tools/ do. Nothing is needed but a shell, git and make.
.PHONY: build demo test check fmt bench fuzz fresh soak parity install uninstall
PREFIX ?= /usr/local
MESON = meson setup $(SETUP) --prefix=$(PREFIX)
build: ; @sh tools/packages.sh build && { [ -f build/build.ninja ] || $(MESON) --werror build; } && ninja -C build
demo: build ; @sh tools/demo.sh
test: build ; @sh tools/test.sh build
check: ; @sh tools/packages.sh check && sh tools/check.sh
fmt: ; @git ls-files '*.c' '*.h' | xargs clang-format -i
bench: build ; @sh tools/bench.sh
fuzz: ; @sh tools/packages.sh check && sh tools/fuzz.sh
fresh: ; @sh tools/fresh.sh
soak: build ; @sh tools/soak.sh
parity: build ; @/usr/bin/python3 tools/parity.py
install: build ; @meson configure build --prefix=$(PREFIX) && ninja -C build >/dev/null && meson install -C build --no-rebuild --quiet
uninstall: ; @ninja -C build uninstall
