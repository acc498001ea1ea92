// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <math.h>
#include <nadir/late.h>

// The C library's own is there on every machine that runs this.
#define THERE "libm.so.6"

TEST(a_library_that_is_there_is_loaded_as_often_as_asked)
{
    CHECK(nd_late_load(THERE, "libc6") == ND_OK);
    CHECK(nd_late_load(THERE, "libc6") == ND_OK);
    double (*root)(double);
    *(void **)&root = nd_late_find(THERE, "sqrt");
    CHECK(root && root(9) == 3);
    CHECK(!nd_late_find(THERE, "no_such_function_of_it"));
}

TEST(a_library_that_is_missing_is_two_lines_with_its_package)
{
    CHECK(nd_late_load("libnowhere.so.7", "libnowhere7") == ND_E_UNSUPPORTED);
    CHECK(error_says("the library libnowhere.so.7 cannot be loaded: cannot open shared "
                     "object file: No such file or directory\n"
                     "install it: apt install libnowhere7"));
    CHECK(!nd_late_find("libnowhere.so.7", "sqrt"));
}
