# SPDX-License-Identifier: Apache-2.0
# The short names of what meson and tools/ do; `make help` lists them.
.PHONY: build test fmt help
build: ; @[ -d build ] || meson setup build --werror; ninja -C build
test: build ; meson test -C build --print-errorlogs
fmt: ; clang-format -i $$(git ls-files '*.c' '*.h')
