// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static java.util.Map.entry;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is known of the names that a pickle can import. On the list of the known stands only what builds plain values,
 * arrays and tensors; each has a kind, by which {@link PickleCalls} checks how it is called. All else is refused; the list
 * of the dangerous only makes messages clearer and keeps tolerant policies strict.
 */
final class PickleGlobals {
    /** What a known name is, and so what it may be called with. */
    enum Kind {
        /** Stands in data, is never called. */
        VALUE,
        ORDERED_DICT,
        DEFAULT_DICT,
        COUNTER,
        DEQUE,
        SET,
        FROZENSET,
        LIST,
        TUPLE,
        DICT,
        BYTES,
        BYTEARRAY,
        /** A number or a string made of constants. */
        SCALAR,
        RANGE,
        OBJECT,
        RECONSTRUCTOR,
        ENCODE,
        /** A date, a time, a decimal, an identifier: built of constants, calls nothing. */
        PLAIN,
        FRACTION,
        NUMPY_ARRAY,
        NUMPY_RECONSTRUCT,
        NUMPY_FROM_BUFFER,
        NUMPY_SCALAR,
        NUMPY_DTYPE,
        TORCH_STORAGE,
        TORCH_DTYPE,
        TORCH_SIZE,
        TORCH_DEVICE,
        TORCH_LAYOUT,
        TORCH_TENSOR_CLASS,
        TORCH_PARAMETER_CLASS,
        TORCH_TENSOR,
        TORCH_TENSOR_V2,
        TORCH_TENSOR_V3,
        TORCH_QUANTIZED,
        TORCH_PARAMETER,
        TORCH_PARAMETER_STATE,
        TORCH_SPARSE,
        TORCH_META,
        TORCH_FROM_NUMPY,
        TORCH_FROM_TENSOR,
        TORCH_FROM_TYPE,
        /** Stands for an array whose bytes follow between the opcodes. */
        JOBLIB_ARRAY
    }

    /** Storages by the last part of their names. */
    static final Map<String, ElementType> STORAGES = Map.ofEntries(
            entry("DoubleStorage", ElementType.F64),
            entry("FloatStorage", ElementType.F32),
            entry("HalfStorage", ElementType.F16),
            entry("BFloat16Storage", ElementType.BF16),
            entry("LongStorage", ElementType.I64),
            entry("IntStorage", ElementType.I32),
            entry("ShortStorage", ElementType.I16),
            entry("CharStorage", ElementType.I8),
            entry("ByteStorage", ElementType.U8),
            entry("BoolStorage", ElementType.BOOL),
            entry("ComplexFloatStorage", ElementType.COMPLEX64),
            entry("ComplexDoubleStorage", ElementType.COMPLEX128),
            entry("QInt8Storage", ElementType.I8),
            entry("QUInt8Storage", ElementType.U8),
            entry("QInt32Storage", ElementType.I32),
            entry("QUInt4x2Storage", ElementType.OPAQUE),
            entry("QUInt2x4Storage", ElementType.OPAQUE),
            entry("UntypedStorage", ElementType.OPAQUE),
            entry("_UntypedStorage", ElementType.OPAQUE));

    /** Types of tensors by the last part of their names. */
    static final Map<String, ElementType> DTYPES = Map.ofEntries(
            entry("float64", ElementType.F64),
            entry("double", ElementType.F64),
            entry("float32", ElementType.F32),
            entry("float", ElementType.F32),
            entry("float16", ElementType.F16),
            entry("half", ElementType.F16),
            entry("bfloat16", ElementType.BF16),
            entry("float8_e4m3fn", ElementType.F8_E4M3),
            entry("float8_e5m2", ElementType.F8_E5M2),
            entry("float8_e4m3fnuz", ElementType.F8_E4M3FNUZ),
            entry("float8_e5m2fnuz", ElementType.F8_E5M2FNUZ),
            entry("float8_e8m0fnu", ElementType.OPAQUE),
            entry("float4_e2m1fn_x2", ElementType.OPAQUE),
            entry("complex64", ElementType.COMPLEX64),
            entry("cfloat", ElementType.COMPLEX64),
            entry("complex128", ElementType.COMPLEX128),
            entry("cdouble", ElementType.COMPLEX128),
            entry("int64", ElementType.I64),
            entry("long", ElementType.I64),
            entry("int32", ElementType.I32),
            entry("int", ElementType.I32),
            entry("int16", ElementType.I16),
            entry("short", ElementType.I16),
            entry("int8", ElementType.I8),
            entry("uint8", ElementType.U8),
            entry("uint16", ElementType.U16),
            entry("uint32", ElementType.U32),
            entry("uint64", ElementType.U64),
            entry("bool", ElementType.BOOL),
            entry("qint8", ElementType.I8),
            entry("quint8", ElementType.U8),
            entry("qint32", ElementType.I32),
            entry("quint4x2", ElementType.OPAQUE),
            entry("quint2x4", ElementType.OPAQUE));

    private static final Map<String, Kind> KNOWN = known();

    /** Modules of which every name is dangerous, with all modules below them. */
    private static final Set<String> DANGEROUS_MODULES = Set.copyOf(List.of((
            // Processes, files, the interpreter.
            "os posix nt posixpath ntpath os.path subprocess pty commands popen2 multiprocessing asyncio "
                    + "concurrent threading _thread signal sys gc inspect shutil tempfile glob fileinput "
                    + "pathlib io _io codecs _codecs linecache mmap fcntl resource syslog winreg _winreg "
                    + "_winapi msvcrt "
                    // Code, imports, other loaders.
                    + "runpy imp importlib _frozen_importlib _frozen_importlib_external zipimport pkgutil "
                    + "pkg_resources setuptools distutils pip ensurepip venv site code codeop compileall "
                    + "py_compile types marshal pickle cPickle _pickle dill cloudpickle joblib shelve "
                    + "copyreg copy_reg jsonpickle pandas.io.pickle "
                    + "functools _functools operator _operator itertools "
                    // Debuggers, profilers, tests, tools that evaluate text.
                    + "bdb pdb trace profile cProfile pstats timeit doctest unittest test pytest idlelib "
                    + "lib2to3 pydoc tkinter _aix_support _osx_support _pyrepl turtledemo sysconfig "
                    + "logging.config numexpr "
                    // Native code.
                    + "ctypes _ctypes cffi "
                    // The network.
                    + "socket _socket socketserver ssl http httplib urllib urllib2 urllib3 requests aiohttp "
                    + "httpx ftplib smtplib poplib imaplib nntplib telnetlib xmlrpc xmlrpclib webbrowser "
                    + "cgi wsgiref antigravity "
                    // Databases and archives.
                    + "sqlite3 dbm tarfile zipfile "
                    // Parts of libraries of models that run or load code.
                    + "torch.hub torch.jit torch.serialization torch.storage torch.utils torch._inductor "
                    + "torch._dynamo torch.fx torch.package torch.ao torch.distributed torch.multiprocessing "
                    + "torch.testing numpy.f2py numpy.testing numpy.distutils numpy.lib numpy.ctypeslib "
                    + "tensorflow keras transformers datasets huggingface_hub")
            .split(" ")));

    private static final Set<String> DANGEROUS_BUILTINS = Set.of(
            "eval",
            "exec",
            "execfile",
            "compile",
            "open",
            "file",
            "input",
            "raw_input",
            "getattr",
            "setattr",
            "delattr",
            "__import__",
            "globals",
            "locals",
            "vars",
            "apply",
            "breakpoint",
            "reload",
            "type",
            "map",
            "filter",
            "reduce",
            "help",
            "memoryview",
            "classmethod",
            "staticmethod",
            "property",
            "super",
            "print",
            "exit",
            "quit",
            "dir");

    private static final Set<String> DANGEROUS = Set.of(
            "torch.load",
            "torch.save",
            "torch.compile",
            "torch._load",
            "numpy.load",
            "numpy.save",
            "numpy.fromfile",
            "numpy.loadtxt",
            "numpy.genfromtxt",
            "numpy.memmap",
            "numpy.savetxt",
            "numpy.vectorize",
            "joblib.load",
            "pandas.read_pickle",
            "pandas.eval");

    private PickleGlobals() {}

    /** What is known of a name; empty if it is not on the list. */
    static Optional<Kind> kind(String module, String name) {
        return Optional.ofNullable(KNOWN.get(module + " " + name));
    }

    /** How a name stands. */
    static Standing standing(String module, String name) {
        if (KNOWN.containsKey(module + " " + name)) {
            return Standing.KNOWN;
        }
        if (isBuiltins(module)) {
            String first = name.contains(".") ? name.substring(0, name.indexOf('.')) : name;
            return DANGEROUS_BUILTINS.contains(first) || name.contains(".") ? Standing.DANGEROUS : Standing.UNKNOWN;
        }
        if (DANGEROUS.contains(module + "." + name)) {
            return Standing.DANGEROUS;
        }
        for (String part = module; ; part = part.substring(0, part.lastIndexOf('.'))) {
            if (DANGEROUS_MODULES.contains(part)) {
                return Standing.DANGEROUS;
            }
            if (part.lastIndexOf('.') < 0) {
                // A module that one on the list has imported: its name leads there as well.
                for (String step : name.split("\\.", 16)) {
                    if (name.contains(".") && (DANGEROUS_MODULES.contains(step) || step.startsWith("__"))) {
                        return Standing.DANGEROUS;
                    }
                }
                return Standing.UNKNOWN;
            }
        }
    }

    private static boolean isBuiltins(String module) {
        return module.equals("builtins") || module.equals("__builtin__") || module.equals("__builtins__");
    }

    private static Map<String, Kind> known() {
        Map<String, Kind> map = new HashMap<>();
        put(map, "collections", Kind.ORDERED_DICT, "OrderedDict");
        put(map, "collections", Kind.DEFAULT_DICT, "defaultdict");
        put(map, "collections", Kind.COUNTER, "Counter");
        put(map, "collections", Kind.DEQUE, "deque");
        for (String module : List.of("builtins", "__builtin__")) {
            put(map, module, Kind.SET, "set");
            put(map, module, Kind.FROZENSET, "frozenset");
            put(map, module, Kind.LIST, "list");
            put(map, module, Kind.TUPLE, "tuple");
            put(map, module, Kind.DICT, "dict");
            put(map, module, Kind.BYTES, "bytes");
            put(map, module, Kind.BYTEARRAY, "bytearray");
            put(map, module, Kind.SCALAR, "int", "float", "bool", "complex", "str");
            put(map, module, Kind.RANGE, "range", "slice");
            put(map, module, Kind.OBJECT, "object");
            put(map, module, Kind.VALUE, "Ellipsis", "NotImplemented");
        }
        put(map, "__builtin__", Kind.RANGE, "xrange");
        put(map, "__builtin__", Kind.SCALAR, "long", "unicode");
        put(map, "_codecs", Kind.ENCODE, "encode");
        put(map, "copyreg", Kind.RECONSTRUCTOR, "_reconstructor");
        put(map, "copy_reg", Kind.RECONSTRUCTOR, "_reconstructor");
        put(map, "datetime", Kind.PLAIN, "datetime", "date", "time", "timedelta", "timezone");
        put(map, "decimal", Kind.PLAIN, "Decimal");
        put(map, "uuid", Kind.PLAIN, "UUID");
        put(map, "fractions", Kind.FRACTION, "Fraction");
        for (String core : List.of("numpy.core", "numpy._core")) {
            put(map, core + ".multiarray", Kind.NUMPY_RECONSTRUCT, "_reconstruct");
            put(map, core + ".multiarray", Kind.NUMPY_SCALAR, "scalar");
            put(map, core + ".numeric", Kind.NUMPY_FROM_BUFFER, "_frombuffer");
        }
        put(map, "numpy", Kind.NUMPY_ARRAY, "ndarray");
        put(map, "numpy", Kind.NUMPY_DTYPE, "dtype");
        put(
                map,
                "numpy",
                Kind.VALUE,
                "bool_",
                "bool",
                "int8",
                "int16",
                "int32",
                "int64",
                "uint8",
                "uint16",
                "uint32",
                "uint64",
                "float16",
                "float32",
                "float64",
                "complex64",
                "complex128",
                "intc",
                "uintc",
                "int_",
                "uint",
                "longlong",
                "ulonglong",
                "half",
                "single",
                "double",
                "str_",
                "bytes_");
        for (String name : STORAGES.keySet()) {
            if (name.startsWith("_")) {
                put(map, "torch.storage", Kind.TORCH_STORAGE, name);
            } else {
                put(map, "torch", Kind.TORCH_STORAGE, name);
                put(map, "torch.cuda", Kind.TORCH_STORAGE, name);
            }
        }
        put(map, "torch.storage", Kind.TORCH_STORAGE, "UntypedStorage");
        DTYPES.keySet().forEach(name -> put(map, "torch", Kind.TORCH_DTYPE, name));
        put(map, "torch", Kind.VALUE, "complex32", "chalf", "bits8", "bits16", "bits1x8", "bits2x4", "bits4x2");
        for (int bits = 1; bits < 8; bits++) {
            put(map, "torch", Kind.VALUE, "int" + bits, "uint" + bits);
        }
        put(
                map,
                "torch",
                Kind.VALUE,
                "per_tensor_affine",
                "per_tensor_symmetric",
                "per_channel_affine",
                "per_channel_symmetric",
                "per_channel_affine_float_qparams",
                "contiguous_format",
                "channels_last",
                "channels_last_3d",
                "preserve_format",
                "strided",
                "sparse_coo",
                "sparse_csr",
                "sparse_csc",
                "sparse_bsr",
                "sparse_bsc",
                "jagged");
        put(map, "torch", Kind.TORCH_SIZE, "Size");
        put(map, "torch", Kind.TORCH_DEVICE, "device");
        put(map, "torch.serialization", Kind.TORCH_LAYOUT, "_get_layout");
        put(
                map,
                "torch",
                Kind.TORCH_TENSOR_CLASS,
                "Tensor",
                "FloatTensor",
                "DoubleTensor",
                "HalfTensor",
                "BFloat16Tensor",
                "LongTensor",
                "IntTensor",
                "ShortTensor",
                "CharTensor",
                "ByteTensor",
                "BoolTensor");
        put(map, "torch.nn.parameter", Kind.TORCH_PARAMETER_CLASS, "Parameter", "Buffer");
        put(map, "torch._utils", Kind.TORCH_TENSOR, "_rebuild_tensor");
        put(map, "torch._utils", Kind.TORCH_TENSOR_V2, "_rebuild_tensor_v2");
        put(map, "torch._utils", Kind.TORCH_TENSOR_V3, "_rebuild_tensor_v3");
        put(map, "torch._utils", Kind.TORCH_QUANTIZED, "_rebuild_qtensor");
        put(map, "torch._utils", Kind.TORCH_PARAMETER, "_rebuild_parameter");
        put(map, "torch._utils", Kind.TORCH_PARAMETER_STATE, "_rebuild_parameter_with_state");
        put(map, "torch._utils", Kind.TORCH_SPARSE, "_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor");
        put(map, "torch._utils", Kind.TORCH_META, "_rebuild_meta_tensor_no_storage");
        put(map, "torch._utils", Kind.TORCH_FROM_NUMPY, "_rebuild_device_tensor_from_numpy", "_rebuild_xla_tensor");
        put(map, "torch._utils", Kind.TORCH_FROM_TENSOR, "_rebuild_device_tensor_from_cpu_tensor");
        put(map, "torch._tensor", Kind.TORCH_FROM_TYPE, "_rebuild_from_type_v2");
        put(map, "joblib.numpy_pickle", Kind.JOBLIB_ARRAY, "NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper");
        return Map.copyOf(map);
    }

    private static void put(Map<String, Kind> map, String module, Kind kind, String... names) {
        for (String name : names) {
            map.put(module + " " + name, kind);
        }
    }
}
