// SPDX-License-Identifier: Apache-2.0
// The program: a command, its words, and how it ends.
#include <nadir/op.h>
#include <stdio.h>

int main(void)
{
    puts("nadir " NADIR_VERSION);
    return 0;
}
