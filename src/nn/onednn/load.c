// SPDX-License-Identifier: Apache-2.0
// Loads oneDNN: 40 MB that a program which never computes a network does not want.
#include "nn/onednn/onednn.h"
#include "nn/openmp.h"
#include <dlfcn.h>
#include <pthread.h>

static onednn library;
static bool is_there;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    if (!nn_openmp_there()) return; // first: it must know how to wait
    void *handle = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return;
    bool whole = true;
#define LOAD(name)                                                                       \
    *(void **)&library.name = dlsym(handle, "dnnl_" #name);                              \
    whole = whole && library.name;
    ONEDNN_CALLS(LOAD)
#undef LOAD
    if (!whole || library.engine_create(&library.engine, dnnl_cpu, 0) ||
        library.stream_create(&library.stream, library.engine, dnnl_stream_default_flags))
        return;
    const unsigned isa = (unsigned)library.get_effective_cpu_isa();
    const unsigned bf16 = (unsigned)dnnl_cpu_isa_avx512_core_bf16;
    library.computes_bf16 = (isa & bf16) == bf16;
    is_there = true;
}

const onednn *onednn_there(void)
{
    pthread_once(&once, load);
    return is_there ? &library : NULL;
}
