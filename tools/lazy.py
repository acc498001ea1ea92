#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stubs for what a static library calls in a shared one, so that the shared one is loaded
at the first call and not at the program's start (GDAL and what it pulls in: 20 ms). Call
nd_late_load with the library's soname before the first: a function that is not there does
nothing and gives 0.
usage: lazy.py STATIC.a SHARED.so OUTPUT.S PREFIX… ; x86-64, System V."""
import re
import subprocess
import sys

static, shared, output, *prefixes = sys.argv[1:]


def symbols(*command):
    lines = subprocess.run(["nm", *command], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in lines.splitlines() if line.strip()}


wanted = {s for s in symbols("-u", static) if re.match("|".join(prefixes), s)}
there = symbols("-D", "--defined-only", shared)
soname = re.search(r"SONAME\s+(\S+)", subprocess.run(
    ["objdump", "-p", shared], check=True, capture_output=True, text=True).stdout)[1]
names = sorted(wanted & there)

REGISTERS = ["rdi", "rsi", "rdx", "rcx", "r8", "r9", "rax", "r11"]
out = ["# Made by tools/lazy.py.", ".text", "find:", "  pushq %rbp", "  movq %rsp, %rbp"]
out += [f"  pushq %{r}" for r in REGISTERS] + ["  subq $128, %rsp"]
out += [f"  movups %xmm{i}, {16 * i}(%rsp)" for i in range(8)]
out += ["  leaq soname(%rip), %rdi", "  movq 8(%r11), %rsi", "  call nd_late_find@PLT",
        "  testq %rax, %rax", "  jne 1f", "  leaq nothing(%rip), %rax", "1:",
        "  movq 128(%rsp), %r11", "  movq %rax, (%r11)"]
out += [f"  movups {16 * i}(%rsp), %xmm{i}" for i in range(8)] + ["  addq $128, %rsp"]
out += [f"  popq %{r}" for r in reversed(REGISTERS)] + ["  popq %rbp", "  jmp *(%r11)",
        "nothing:", "  endbr64", "  xorl %eax, %eax", "  pxor %xmm0, %xmm0", "  ret"]
for n, name in enumerate(names):
    out += [f".globl {name}", f".hidden {name}", f".type {name}, @function", f"{name}:",
            "  endbr64", f"  leaq entry{n}(%rip), %r11", "  cmpq $0, (%r11)", "  je find",
            "  jmp *(%r11)"]
out += ['.section .rodata, "a"', "soname:", f'  .asciz "{soname}"']
for n, name in enumerate(names):
    out += [f"name{n}:", f'  .asciz "{name}"']
out += ['.section .data.rel.local, "aw"', ".balign 16"]
for n in range(len(names)):
    out += [f"entry{n}:", f"  .quad 0, name{n}"]
out += ['.section .note.GNU-stack, "", @progbits', ""]
with open(output, "w", encoding="ascii") as file:
    file.write("\n".join(out))
