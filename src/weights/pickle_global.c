// SPDX-License-Identifier: Apache-2.0
// What a pickle asks to be called. A handful of PyTorch's own builders have an answer
// here, in values; a name that only an attack needs ends the reading; all others stay
// names.
#include "weights/pickle.h"
#include <stdio.h>
#include <string.h>

// Modules and functions that no file of numbers has a use for: they start programs, open
// files and connections, or run text.
static const char *const weapons[] = {
    "os",
    "posix",
    "nt",
    "subprocess",
    "_posixsubprocess",
    "pty",
    "sys",
    "socket",
    "_socket",
    "shutil",
    "runpy",
    "importlib",
    "imp",
    "ctypes",
    "_ctypes",
    "commands",
    "popen2",
    "webbrowser",
    "pdb",
    "bdb",
    "timeit",
    "code",
    "codeop",
    "cProfile",
    "profile",
    "trace",
    "pip",
    "http",
    "httplib",
    "urllib",
    "urllib2",
    "requests",
    "ssl",
    "asyncio",
    "multiprocessing",
    "threading",
    "signal",
    "platform",
    "marshal",
    "pickle",
    "_pickle",
    "cPickle",
    "dill",
    "tempfile",
    "pathlib2",
    "fileinput",
    "torch.hub",
    "torch.utils.cpp_extension",
    "torch._inductor",
    "torch.jit",
    "distutils",
    "setuptools",
    "pydoc",
    "doctest",
    "venv",
    "ensurepip",
    "ftplib",
    "smtplib",
    "telnetlib",
    "poplib",
    "imaplib",
    "xmlrpc",
    "sqlite3",
    "builtins.eval",
    "builtins.exec",
    "builtins.execfile",
    "builtins.compile",
    "builtins.__import__",
    "builtins.open",
    "builtins.input",
    "builtins.breakpoint",
    "builtins.globals",
    "builtins.locals",
    "builtins.vars",
    "builtins.setattr",
    "builtins.delattr",
    "operator.attrgetter",
    "operator.methodcaller",
    "types.CodeType",
    "types.FunctionType",
    "torch.load",
    "torch.serialization.load",
    "numpy.load",
    "numpy.fromfile",
    "numpy.memmap",
    "numpy.f2py",
    "numpy.testing",
};

// Does "a.b.c" begin with the whole words of `with`?
static bool is_within(const char *name, const char *with)
{
    const size_t length = strlen(with);
    return strncmp(name, with, length) == 0 && (!name[length] || name[length] == '.');
}

static bool is_weapon(const char *full)
{
    static const char *const builtins[] = {"__builtin__.", "builtins."};
    char same[256];
    snprintf(same, sizeof same, "%s", full);
    if (strncmp(full, builtins[0], strlen(builtins[0])) == 0)
        snprintf(same, sizeof same, "builtins.%s", full + strlen(builtins[0]));
    for (size_t i = 0; i < sizeof weapons / sizeof *weapons; i++)
        if (is_within(same, weapons[i])) return true;
    return false;
}

// Types of storages and tensors, by what torch calls them.
static const struct {
    const char *storage, *dtype;
    nd_stored type;
    size_t bytes;
} types[] = {
    {"DoubleStorage", "float64", ND_STORED_F64, 8},
    {"FloatStorage", "float32", ND_STORED_F32, 4},
    {"HalfStorage", "float16", ND_STORED_F16, 2},
    {"BFloat16Storage", "bfloat16", ND_STORED_BF16, 2},
    {"LongStorage", "int64", ND_STORED_I64, 8},
    {"IntStorage", "int32", ND_STORED_I32, 4},
    {"ShortStorage", "int16", ND_STORED_I16, 2},
    {"CharStorage", "int8", ND_STORED_I8, 1},
    {"ByteStorage", "uint8", ND_STORED_U8, 1},
    {"BoolStorage", "bool", ND_STORED_BOOL, 1},
    {"ComplexFloatStorage", "complex64", ND_STORED, 8},
    {"ComplexDoubleStorage", "complex128", ND_STORED, 16},
    {"QInt8Storage", "qint8", ND_STORED, 1},
    {"QUInt8Storage", "quint8", ND_STORED, 1},
    {"QInt32Storage", "qint32", ND_STORED, 4},
    {"QUInt4x2Storage", "quint4x2", ND_STORED, 1},
    {"UntypedStorage", "uint8", ND_STORED_U8, 1},
    {"", "uint16", ND_STORED, 2},
    {"", "uint32", ND_STORED, 4},
    {"", "uint64", ND_STORED, 8},
    {"", "float8_e4m3fn", ND_STORED, 1},
    {"", "float8_e5m2", ND_STORED, 1},
    {"", "complex32", ND_STORED, 4},
};
enum { TYPES = sizeof types / sizeof *types };

static int type_at(const char *name)
{
    for (int i = 0; i < TYPES; i++)
        if (strcmp(types[i].storage, name) == 0 || strcmp(types[i].dtype, name) == 0)
            return i;
    return -1;
}

nd_stored pickle_type(const char *name)
{
    const int at = type_at(name);
    return at < 0 ? ND_STORED : types[at].type;
}

size_t pickle_type_bytes(const char *name)
{
    const int at = type_at(name);
    return at < 0 ? 0 : types[at].bytes;
}

static bool is_one_of(const char *full, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(full, *names) == 0) return true;
    return false;
}

static bool is_known(const char *full, const char *module, const char *name)
{
    static const char *const known[] = {"collections.OrderedDict",
                                        "torch.Size",
                                        "torch.device",
                                        "torch.Tensor",
                                        "torch.nn.parameter.Parameter",
                                        "torch.nn.parameter.Buffer",
                                        "torch.nn.Parameter",
                                        "torch.serialization._get_layout",
                                        "_codecs.encode",
                                        "numpy.core.multiarray.scalar",
                                        "numpy._core.multiarray.scalar",
                                        "numpy.core.multiarray._reconstruct",
                                        "numpy._core.multiarray._reconstruct",
                                        "numpy.ndarray",
                                        "numpy.dtype",
                                        "__builtin__.set",
                                        "builtins.set",
                                        "__builtin__.frozenset",
                                        "builtins.frozenset",
                                        "builtins.list",
                                        "builtins.dict",
                                        "builtins.tuple",
                                        "builtins.bytearray",
                                        "collections.defaultdict",
                                        "collections.Counter",
                                        "torch.storage._load_from_bytes",
                                        NULL};
    if (strcmp(module, "torch._utils") == 0 && strncmp(name, "_rebuild", 8) == 0)
        return true;
    const bool is_torch = strcmp(module, "torch") == 0 ||
                          strcmp(module, "torch.cuda") == 0 ||
                          strcmp(module, "torch.storage") == 0;
    if (is_torch && (type_at(name) >= 0 || strcmp(name, "TypedStorage") == 0))
        return true;
    return is_one_of(full, known);
}

static nd_status keep_foreign(pickle *p, const char *full)
{
    enum { TOLD = 100 };
    for (size_t i = 0; i < p->foreigns; i++)
        if (strcmp(p->foreign[i], full) == 0) return ND_OK;
    if (p->foreigns == TOLD) return ND_OK;
    if (p->foreigns == p->foreign_room) {
        const char **longer = pickle_take(p, TOLD, sizeof *longer);
        if (!longer) return ND_E_MEMORY;
        p->foreign = longer, p->foreign_room = TOLD;
    }
    p->foreign[p->foreigns++] = full;
    return ND_OK;
}

pickle_value *pickle_global(pickle *p, const char *module, size_t module_length,
                            const char *name, size_t name_length)
{
    char full[256];
    const bool fits = module_length + name_length + 2 <= sizeof full &&
                      weights_is_text(module, module_length) &&
                      weights_is_text(name, name_length);
    if (!fits) return (void)pickle_wrong(p), NULL;
    pickle_value *value = pickle_new(p, PICKLE_GLOBAL);
    if (!value || !(value->module = pickle_text(p, module, module_length)) ||
        !(value->name = pickle_text(p, name, name_length)))
        return NULL;
    snprintf(full, sizeof full, "%s.%s", value->module, value->name);
    if (is_weapon(full))
        return (void)nd_fail(
                   ND_E_DATA,
                   "the file asks for %s to be called: it was made to run code\n"
                   "do not open it with anything; get the weights elsewhere",
                   full),
               NULL;
    if (is_known(full, value->module, value->name)) return value;
    const char *copy = pickle_text(p, full, strlen(full));
    return copy && keep_foreign(p, copy) == ND_OK ? value : NULL;
}
