// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static dev.aisec.provenance.modelfile.Hdf5Writer.attribute;
import static dev.aisec.provenance.modelfile.Hdf5Writer.compact;
import static dev.aisec.provenance.modelfile.Hdf5Writer.contiguous;
import static dev.aisec.provenance.modelfile.Hdf5Writer.groupInfo;
import static dev.aisec.provenance.modelfile.Hdf5Writer.link;
import static dev.aisec.provenance.modelfile.Hdf5Writer.space;
import static dev.aisec.provenance.modelfile.Hdf5Writer.type;
import static dev.aisec.provenance.modelfile.SeedFiles.ascii;
import static dev.aisec.provenance.modelfile.SeedFiles.dense;
import static dev.aisec.provenance.modelfile.SeedFiles.ggufFile;
import static dev.aisec.provenance.modelfile.SeedFiles.ggufPair;
import static dev.aisec.provenance.modelfile.SeedFiles.ggufString;
import static dev.aisec.provenance.modelfile.SeedFiles.ggufTensor;
import static dev.aisec.provenance.modelfile.SeedFiles.kerasModel;
import static dev.aisec.provenance.modelfile.SeedFiles.layer;
import static dev.aisec.provenance.modelfile.SeedFiles.onnx;
import static dev.aisec.provenance.modelfile.SeedFiles.onnxGraph;
import static dev.aisec.provenance.modelfile.SeedFiles.onnxNode;
import static dev.aisec.provenance.modelfile.SeedFiles.onnxValue;
import static dev.aisec.provenance.modelfile.SeedFiles.safetensors;
import static dev.aisec.provenance.modelfile.SeedFiles.tfAttribute;
import static dev.aisec.provenance.modelfile.SeedFiles.tfConstant;
import static dev.aisec.provenance.modelfile.SeedFiles.tfFunction;
import static dev.aisec.provenance.modelfile.SeedFiles.tfGraph;
import static dev.aisec.provenance.modelfile.SeedFiles.tfNode;
import static dev.aisec.provenance.modelfile.SeedFiles.tfSaved;
import static dev.aisec.provenance.modelfile.SeedFiles.tfShape;
import static dev.aisec.provenance.modelfile.SeedFiles.zip;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Files that try to get past a verifier, and files that must pass, all made here by known techniques. Nothing in them does
 * harm: commands are {@code id}, hosts end in {@code .invalid}.
 */
final class BypassCorpus {
    /** What the answer has to be. */
    enum Expected {
        /** ACCEPT. */
        ACCEPTED,
        /** REJECT. */
        REJECTED,
        /** Not ACCEPT: nothing can be known of the content. */
        NOT_ACCEPTED
    }

    /**
     * A file.
     *
     * @param format whom it is meant for
     * @param group the class of techniques
     * @param title unique within the format
     * @param name the name of the file
     * @param bytes the content
     * @param expected the right answer
     */
    record Case(String format, String group, String title, String name, byte[] bytes, Expected expected) {
        String id() {
            return format + "/" + group + "/" + title;
        }
    }

    private static final class Own implements java.io.Serializable {
        private static final long serialVersionUID = 1L;
    }

    private enum OwnKind {
        ONE
    }

    private static final class OwnOrder implements java.util.Comparator<Object>, java.io.Serializable {
        private static final long serialVersionUID = 1L;

        @Override
        public int compare(Object a, Object b) {
            return 0;
        }
    }

    private final List<Case> cases = new ArrayList<>();
    private String format = "";
    private String name = "";

    private BypassCorpus() {}

    static List<Case> all() {
        BypassCorpus corpus = new BypassCorpus();
        corpus.pickle();
        corpus.torch();
        corpus.numpy();
        corpus.zips();
        corpus.tars();
        corpus.compressed();
        corpus.safe();
        corpus.gguf();
        corpus.keras();
        corpus.hdf5();
        corpus.dl4j();
        corpus.samediff();
        corpus.java();
        corpus.pmml();
        corpus.onnxFiles();
        corpus.tensorflow();
        corpus.disguises();
        corpus.benign();
        return List.copyOf(corpus.cases);
    }

    private void in(String newFormat, String newName) {
        format = newFormat;
        name = newName;
    }

    private void bad(String group, String title, byte[] bytes) {
        cases.add(new Case(format, group, title, name, bytes, Expected.REJECTED));
    }

    private void opaque(String group, String title, byte[] bytes) {
        cases.add(new Case(format, group, title, name, bytes, Expected.NOT_ACCEPTED));
    }

    private void good(String title, byte[] bytes) {
        cases.add(new Case(format, "benign", title, name, bytes, Expected.ACCEPTED));
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static PickleBytes p(int protocol) {
        return PickleBytes.protocol(protocol);
    }

    /** Calls a global with one text. */
    private static byte[] call(String module, String function) {
        return p(2).global(module, function).text("id").tuple(1).reduce().stop();
    }

    private static final byte[] SYSTEM = call("os", "system");

    // --- pickle ---

    private void pickle() {
        in("pickle", "m.pkl");
        bad("global", "GLOBAL in protocol 0", ascii("cos\nsystem\n(S'id'\ntR."));
        bad("global", "INST", ascii("(S'id'\nios\nsystem\n."));
        bad(
                "global",
                "STACK_GLOBAL",
                p(4).stackGlobal("os", "system").text("id").tuple(1).reduce().stop());
        bad("global", "alias of the platform", call("posix", "system"));
        bad("global", "alias of Windows", call("nt", "system"));
        bad("global", "Python 2 builtins", call("__builtin__", "eval"));
        bad("global", "look-alike letters", call("torch.\u0441uda", "load"));
        bad("global", "carriage return in the name", ascii("cos\r\nsystem\r\n(S'id'\ntR."));
        bad("global", "importer", call("importlib", "import_module"));
        bad("global", "runner of modules", call("runpy", "run_path"));
        bad("global", "profiler that executes", call("cProfile", "run"));
        bad("global", "debugger that executes", call("bdb", "Bdb.run"));
        bad("global", "network", call("urllib.request", "urlopen"));
        bad("global", "second loader", call("pickle", "loads"));
        bad("global", "loader of code", call("marshal", "loads"));
        bad("global", "looks like torch", call("torch.hub", "load"));
        bad("global", "looks like NumPy", call("numpy.testing._private.utils", "runstring"));
        bad("global", "looks like collections", call("collections.abc", "sys"));
        bad(
                "indirection",
                "names from BINPUT and BINGET",
                p(4).text("os")
                        .op('q', 0)
                        .ops("0")
                        .text("system")
                        .op('q', 1)
                        .ops("0")
                        .op('h', 0, 'h', 1, 0x93)
                        .text("id")
                        .tuple(1)
                        .reduce()
                        .stop());
        bad(
                "indirection",
                "names from MEMOIZE and LONG_BINGET",
                p(4).text("system")
                        .op(0x94)
                        .text("os")
                        .op(0x94)
                        .ops("00j")
                        .i32(1)
                        .ops("j")
                        .i32(0)
                        .op(0x93)
                        .text("id")
                        .tuple(1)
                        .reduce()
                        .stop());
        bad(
                "indirection",
                "name doubled by DUP",
                p(4).text("os").ops("2").op(0x93).ops(")R").stop());
        bad(
                "indirection",
                "global kept in the memo",
                p(2).global("os", "system")
                        .op('q', 5)
                        .ops("0")
                        .op('h', 5)
                        .text("id")
                        .tuple(1)
                        .reduce()
                        .stop());
        bad(
                "indirection",
                "dotted name behind an allowed one",
                p(4).stackGlobal("collections", "OrderedDict.__init__.__globals__")
                        .stop());
        bad(
                "indirection",
                "attribute of an attribute",
                p(2).global("builtins", "getattr")
                        .global("os", "path")
                        .text("os")
                        .tuple(2)
                        .reduce()
                        .stop());
        bad("indirection", "attrgetter", call("operator", "attrgetter"));
        bad("indirection", "methodcaller", call("operator", "methodcaller"));
        bad(
                "indirection",
                "partial",
                p(2).global("functools", "partial")
                        .global("os", "system")
                        .tuple(1)
                        .reduce()
                        .stop());
        bad(
                "indirection",
                "names of bytes",
                p(4).binary(ascii("os")).binary(ascii("system")).op(0x93).stop());
        bad(
                "indirection",
                "names computed",
                p(4).text("os")
                        .global("builtins", "str")
                        .text("system")
                        .tuple(1)
                        .reduce()
                        .op(0x93)
                        .text("id")
                        .tuple(1)
                        .reduce()
                        .stop());
        bad("indirection", "EXT1", p(2).op(0x82, 7).text("id").tuple(1).reduce().stop());
        bad(
                "indirection",
                "EXT4",
                p(2).op(0x84).i32(70_000).text("id").tuple(1).reduce().stop());
        bad(
                "call",
                "OBJ",
                p(2).ops("(").global("os", "system").text("id").ops("o").stop());
        bad(
                "call",
                "NEWOBJ",
                p(2).global("subprocess", "Popen").text("id").tuple(1).op(0x81).stop());
        bad(
                "call",
                "NEWOBJ_EX",
                p(4).global("subprocess", "Popen")
                        .text("id")
                        .tuple(1)
                        .ops("}")
                        .op(0x92)
                        .stop());
        bad(
                "call",
                "OBJ and POP",
                p(2).ops("(").global("os", "system").text("id").ops("o0N").stop());
        bad(
                "call",
                "REDUCE and POP_MARK",
                p(2).ops("(")
                        .global("os", "system")
                        .text("id")
                        .tuple(1)
                        .reduce()
                        .ops("1N")
                        .stop());
        bad(
                "call",
                "BUILD sets attributes of a module",
                p(2).global("os", "path")
                        .ops("}")
                        .text("join")
                        .global("os", "system")
                        .ops("sb")
                        .stop());
        bad(
                "call",
                "through the state of an allowed object",
                p(2).global("collections", "OrderedDict")
                        .ops(")R")
                        .global("os", "system")
                        .text("id")
                        .tuple(1)
                        .reduce()
                        .ops("b")
                        .stop());
        bad(
                "call",
                "through map",
                p(2).global("builtins", "map")
                        .global("os", "system")
                        .ops("](")
                        .text("id")
                        .ops("e")
                        .tuple(2)
                        .reduce()
                        .stop());
        bad("stream", "second stream", join(SeedFiles.pickle2(), SYSTEM));
        bad("stream", "cut behind the payload", Arrays.copyOf(SYSTEM, SYSTEM.length - 1));
        bad("stream", "broken behind the payload", join(Arrays.copyOf(SYSTEM, SYSTEM.length - 1), new byte[] {
            (byte) 0xff
        }));
        bad(
                "stream",
                "frame beyond the end",
                p(4).op(0x95)
                        .i64(1 << 20)
                        .bytes(Arrays.copyOfRange(SYSTEM, 2, SYSTEM.length))
                        .done());
        opaque("stream", "junk before", join(ascii("#!\n"), SYSTEM));
        opaque("stream", "persistent identifier", ascii("Pid\n."));
        bad("nested", "pickle in bytes", p(3).binary(SYSTEM).stop());
        bad(
                "nested",
                "pickle in a text",
                p(2).text(new String(ascii("cos\nsystem\n(S'id'\ntR."), StandardCharsets.UTF_8))
                        .stop());
        bad(
                "nested",
                "pickle in Base64",
                p(2).text(Base64.getEncoder().encodeToString(SYSTEM)).stop());
        byte[] wrapped = SYSTEM;
        for (int i = 0; i < 10; i++) {
            wrapped = p(3).text(Base64.getEncoder().encodeToString(wrapped)).stop();
        }
        bad("nested", "pickle in Base64, ten times", wrapped);
        bad("bomb", "LONG4 of 2 GiB", p(2).op(0x8b).i32(0x7fffffff).done());
        bad("bomb", "BINBYTES8 beyond the end", p(4).op(0x8e).i64(1L << 40).done());
        bad("bomb", "BINUNICODE8 of negative length", p(4).op(0x8d).i64(-1).done());
        PickleBytes tuples = p(2).ops(")");
        for (int i = 0; i < 64; i++) {
            tuples.ops("2").op(0x86);
        }
        bad(
                "bomb",
                "tuples doubled 64 times",
                p(2).global("builtins", "hash")
                        .bytes(Arrays.copyOfRange(tuples.done(), 2, tuples.done().length))
                        .tuple(1)
                        .reduce()
                        .stop());
        PickleBytes deep = p(2);
        for (int i = 0; i < 20_000; i++) {
            deep.ops("](");
        }
        bad("bomb", "20,000 marks that stay", deep.stop());
        bad("malformed", "memo that was not put", p(2).op('h', 9).stop());
        bad(
                "call",
                "default factory",
                p(2).global("collections", "defaultdict")
                        .global("os", "system")
                        .tuple(1)
                        .reduce()
                        .stop());
        bad(
                "indirection",
                "names by the codec that arrays use",
                p(4).global("_codecs", "encode")
                        .text("os")
                        .text("latin1")
                        .tuple(2)
                        .reduce()
                        .global("_codecs", "encode")
                        .text("system")
                        .text("latin1")
                        .tuple(2)
                        .reduce()
                        .op(0x93)
                        .stop());
        bad(
                "call",
                "class for an array",
                p(2).global("numpy.core.multiarray", "_reconstruct")
                        .global("subprocess", "Popen")
                        .ops("(K")
                        .op(0)
                        .ops("t")
                        .binary(ascii("b"))
                        .tuple(3)
                        .reduce()
                        .stop());
        bad(
                "nested",
                "storage of torch from bytes",
                p(2).global("torch.storage", "_load_from_bytes")
                        .binary(SYSTEM)
                        .tuple(1)
                        .reduce()
                        .stop());
        bad(
                "bomb",
                "array of 1 TiB",
                p(2).global("numpy.core.multiarray", "_reconstruct")
                        .global("numpy", "ndarray")
                        .op(0x8a, 6)
                        .bytes(new byte[] {0, 0, 0, 0, 0, 1})
                        .tuple(1)
                        .binary(ascii("b"))
                        .tuple(3)
                        .reduce()
                        .stop());
        bad(
                "bomb",
                "bytearray of 1 TiB",
                p(2).global("builtins", "bytearray")
                        .op(0x8a, 6)
                        .bytes(new byte[] {0, 0, 0, 0, 0, 1})
                        .tuple(1)
                        .reduce()
                        .stop());
        bad(
                "call",
                "object without its constructor",
                p(2).global("copyreg", "_reconstructor")
                        .global("subprocess", "Popen")
                        .global("builtins", "object")
                        .ops("N")
                        .tuple(3)
                        .reduce()
                        .stop());
        bad(
                "call",
                "state that names slots",
                p(2).global("collections", "OrderedDict")
                        .ops(")RN}")
                        .text("x")
                        .global("os", "system")
                        .ops("s")
                        .tuple(2)
                        .ops("b")
                        .stop());
        bad("global", "global that is not called", p(2).global("os", "system").stop());
        bad("global", "empty module", p(4).stackGlobal("", "system").stop());
        bad("global", "applier of Python 2", call("__builtin__", "apply"));
        bad("global", "loader of weights", call("torch.serialization", "load"));
        bad("global", "loader of joblib", call("joblib", "load"));
        bad("global", "shared object", call("ctypes", "CDLL"));
        bad("global", "code object", call("types", "CodeType"));
        bad("global", "unknown class", call("mypackage.model", "Net"));
        bad("global", "file of NumPy", call("numpy", "fromfile"));
        bad("global", "f2py of NumPy", call("numpy.f2py.crackfortran", "getlincoef"));
        bad("global", "compiler of torch", call("torch._dynamo.guards", "GuardBuilder.get"));
        bad("malformed", "stack underflow", p(2).ops("R").stop());
        opaque("malformed", "unknown opcode", p(2).op(0xfe).stop());
        opaque("malformed", "protocol 200", PickleBytes.protocol(200).ops("N").stop());
    }

    // --- PyTorch ---

    private static PickleBytes torchTensor(PickleBytes into, long offset, int rows, int columns) {
        return into.global("torch._utils", "_rebuild_tensor_v2")
                .ops("(")
                .storage("FloatStorage", "0", 6)
                .ops("\u008a")
                .op(8)
                .i64(offset)
                .integer(rows)
                .integer(columns)
                .tuple(2)
                .integer(columns)
                .integer(1)
                .tuple(2)
                .op(0x89)
                .global("collections", "OrderedDict")
                .ops(")RtR");
    }

    private void torch() {
        in("pytorch", "m.pt");
        byte[] data = new byte[24];
        bad("global", "data.pkl calls", SeedFiles.torch(SYSTEM));
        bad(
                "global",
                "call behind a tensor",
                SeedFiles.torch(
                        torchTensor(p(2).ops("]"), 0, 2, 3)
                                .ops("a")
                                .global("os", "system")
                                .text("id")
                                .tuple(1)
                                .reduce()
                                .ops("0")
                                .stop(),
                        "m/data/0",
                        data));
        bad(
                "nested",
                "second pickle",
                SeedFiles.torch(
                        SeedFiles.stateDict(), "m/data/0", data, "m/data/1", new byte[8], "m/extra.pkl", SYSTEM));
        bad(
                "nested",
                "pickle in a storage",
                SeedFiles.torch(
                        torchTensor(p(2).ops("]"), 0, 2, 3).ops("a").stop(), "m/data/0", data, "m/data/1", SYSTEM));
        bad(
                "layout",
                "tensor beyond its storage",
                SeedFiles.torch(torchTensor(p(2), 0, 2, 4).stop(), "m/data/0", data));
        bad(
                "layout",
                "offset that overflows",
                SeedFiles.torch(torchTensor(p(2), Long.MAX_VALUE, 2, 3).stop(), "m/data/0", data));
        bad(
                "layout",
                "negative offset",
                SeedFiles.torch(torchTensor(p(2), -1, 2, 3).stop(), "m/data/0", data));
        bad(
                "layout",
                "storage shorter than told",
                SeedFiles.torch(torchTensor(p(2), 0, 2, 3).stop(), "m/data/0", new byte[20]));
        bad(
                "layout",
                "storage that is not there",
                SeedFiles.torch(torchTensor(p(2), 0, 2, 3).stop()));
        bad(
                "path",
                "key of a storage leads out",
                SeedFiles.torch(
                        p(2).ops("]")
                                .storage("FloatStorage", "../../x", 6)
                                .ops("a")
                                .stop(),
                        "m/data/0",
                        data));
        bad("path", "entry leads out", SeedFiles.torch(p(2).ops("N").stop(), "m/../../x", data));
        opaque(
                "code",
                "TorchScript with code",
                SeedFiles.torch(
                        p(2).ops("N").stop(),
                        "m/constants.pkl",
                        p(2).ops(")").stop(),
                        "m/code/__torch__.py",
                        ascii("def f():\n  pass\n")));
        bad(
                "nested",
                "two roots",
                zip(
                        "a/data.pkl",
                        p(2).ops("N").stop(),
                        "a/version",
                        ascii("3\n"),
                        "b/data.pkl",
                        SYSTEM,
                        "b/version",
                        ascii("3\n")));
        bad(
                "nested",
                "data.pkl at the top too",
                zip("a/data.pkl", p(2).ops("N").stop(), "a/version", ascii("3\n"), "data.pkl", SYSTEM));
        in("pytorch-legacy", "m.pt");
        bad("global", "model calls", SeedFiles.torchLegacy(SYSTEM));
        bad(
                "stream",
                "keys call",
                join(
                        new PickleBytes()
                                .op(
                                        0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
                                        '.')
                                .done(),
                        p(2).ops("M").op(0xe9, 3).stop(),
                        p(2).ops("}").stop(),
                        p(2).ops("}").stop(),
                        SYSTEM));
        byte[] legacy = SeedFiles.torchLegacy();
        bad("stream", "pickle behind the storages", join(legacy, SYSTEM));
        bad("layout", "storage cut", Arrays.copyOf(legacy, legacy.length - 4));
    }

    // --- NumPy ---

    private void numpy() {
        in("numpy", "m.npy");
        bad("nested", "objects are a pickle", join(SeedFiles.npy("'|O'", "(1,)", 0), SYSTEM));
        bad("nested", "object in a field", join(SeedFiles.npy("[('a', '|O')]", "(1,)", 0), SYSTEM));
        bad("code", "header is an expression", SeedFiles.npy("__import__('os').system('id')", "(1,)", 4));
        bad("size", "shape that overflows", SeedFiles.npy("'<f8'", "(4294967296, 4294967296)", 8));
        bad("size", "shape beyond the file", SeedFiles.npy("'<f8'", "(10000000000,)", 8));
        bad("size", "negative shape", SeedFiles.npy("'<f8'", "(-1,)", 8));
        bad("layout", "bytes behind the numbers", SeedFiles.npy("'<f4'", "(2,)", 12));
        bad(
                "malformed",
                "header beyond the file",
                Wire.of().raw(0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0).i32(-1).bytes());
        bad(
                "malformed",
                "unknown version",
                Wire.of()
                        .raw(0x93, 'N', 'U', 'M', 'P', 'Y', 9, 0, 2, 0, '{', '}')
                        .bytes());
        bad("malformed", "key twice", SeedFiles.npy("'<f4', 'descr': '|O'", "(1,)", 4));
        bad("nested", "type of two literals", join(SeedFiles.npy("'|' 'O'", "(1,)", 0), SYSTEM));
        bad("nested", "type with an escape", join(SeedFiles.npy("'\\x7cO'", "(1,)", 0), SYSTEM));
        bad("nested", "object in a field of a field", join(SeedFiles.npy("[('a', [('b', 'O')])]", "(1,)", 0), SYSTEM));
        bad("nested", "objects by their letter", join(SeedFiles.npy("'O'", "(1,)", 0), SYSTEM));
        bad("malformed", "shape of booleans", SeedFiles.npy("'<f4'", "(True,)", 4));
        in("npz", "m.npz");
        bad("nested", "array of objects", zip("a.npy", join(SeedFiles.npy("'|O'", "(1,)", 0), SYSTEM)));
        bad("nested", "pickle beside the arrays", zip("a.npy", SeedFiles.npy("'<f4'", "(1,)", 4), "b.pkl", SYSTEM));
        bad(
                "nested",
                "array of objects without its extension",
                zip("a.npy", SeedFiles.npy("'<f4'", "(1,)", 4), "b", join(SeedFiles.npy("'|O'", "(1,)", 0), SYSTEM)));
        bad(
                "path",
                "entry leads out",
                zip("a.npy", SeedFiles.npy("'<f4'", "(1,)", 4), "../b.npy", SeedFiles.npy("'<f4'", "(1,)", 4)));
    }

    // --- archives ---

    private static byte[] patched(byte[] bytes, String signature, int occurrence, int offset, int width, long value) {
        byte[] out = bytes.clone();
        int at = find(out, signature, occurrence) + offset;
        for (int i = 0; i < width; i++) {
            out[at + i] = (byte) (value >> 8 * i);
        }
        return out;
    }

    private static int find(byte[] bytes, String signature, int occurrence) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int at = -1;
        for (int i = 0; i <= occurrence; i++) {
            at = text.indexOf(signature, at + 1);
        }
        if (at < 0) {
            throw new IllegalArgumentException("must be there: " + signature);
        }
        return at;
    }

    private static final String LOCAL = "PK\3\4";
    private static final String CENTRAL = "PK\1\2";
    private static final String END = "PK\5\6";

    private void zips() {
        in("zip", "m.zip");
        byte[] text = ascii("text");
        byte[] plain = zip("a.txt", text, "b.txt", text);
        for (String path : List.of("../a.txt", "/a.txt", "..\\a.txt", "C:a.txt", "a/../../b.txt", "\\\\host\\a.txt")) {
            bad("path", path, zip(path, text));
        }
        bad("path", "zero in a name", zip("a.txt\0.png", text));
        bad("path", "empty name", zip("", text, "b.txt", text));
        opaque("path", "stream of a file", zip("a.txt:x", text));
        bad("disagreement", "second name in an extra field", unicodePath("a.txt", "../evil.txt"));
        bad("disagreement", "names of the two headers", patched(plain, CENTRAL, 0, 46, 1, 'c'));
        bad("disagreement", "sizes of the two headers", patched(plain, CENTRAL, 0, 24, 4, 3));
        bad("disagreement", "methods of the two headers", patched(plain, CENTRAL, 0, 10, 2, 8));
        bad("disagreement", "checksums of the two headers", patched(plain, CENTRAL, 0, 16, 4, 1));
        bad("disagreement", "number of entries", patched(patched(plain, END, 0, 8, 2, 1), END, 0, 10, 2, 1));
        bad("disagreement", "an entry that the directory does not list", hidden(plain));
        bad("disagreement", "two entries at one place", patched(plain, CENTRAL, 1, 42, 4, 0));
        bad("disagreement", "directory elsewhere", patched(plain, END, 0, 16, 4, 0));
        byte[] inner = Arrays.copyOfRange(plain, find(plain, END, 0), plain.length);
        bad(
                "disagreement",
                "second end in the comment",
                join(Arrays.copyOf(plain, plain.length - 2), new byte[] {(byte) inner.length, 0}, inner));
        bad("disagreement", "name twice", twice(plain));
        bad("content", "wrong checksum", patched(patched(plain, LOCAL, 0, 14, 4, 7), CENTRAL, 0, 16, 4, 7));
        bad("content", "pickle under a harmless name", zip("readme.txt", SYSTEM));
        bad(
                "content",
                "pickle with false encryption",
                patched(patched(zip("m.pkl", SYSTEM), LOCAL, 0, 6, 2, 1), CENTRAL, 0, 8, 2, 1));
        bad("content", "encryption told in one header", patched(zip("m.pkl", SYSTEM), CENTRAL, 0, 8, 2, 1));
        bad("content", "archive in an archive", zip("a.zip", zip("b.zip", zip("m.pkl", SYSTEM))));
        bad("content", "symbolic link", patched(patched(plain, CENTRAL, 0, 5, 1, 3), CENTRAL, 0, 38, 4, 0xa1ff0000L));
        bad("content", "compressed pickle", TestZip.deflated("m.pkl", SYSTEM));
        byte[] bomb = new byte[1 << 21];
        bad(
                "bomb",
                "size larger than the data",
                patched(
                        patched(TestZip.deflated("a.txt", bomb), CENTRAL, 0, 24, 4, 0xfffffff0L),
                        CENTRAL,
                        0,
                        16,
                        4,
                        0));
        opaque("opaque", "unknown method", patched(patched(plain, LOCAL, 0, 8, 2, 99), CENTRAL, 0, 10, 2, 99));
        bad("disguise", "bytes before", join(ascii("#!/bin/sh\n"), plain));
        bad("disguise", "bytes behind", join(plain, SYSTEM));
        bad(
                "disguise",
                "bytes between",
                join(
                        Arrays.copyOf(plain, find(plain, CENTRAL, 0)),
                        ascii("gap"),
                        Arrays.copyOfRange(plain, find(plain, CENTRAL, 0), plain.length)));
        bad("malformed", "cut", Arrays.copyOf(plain, plain.length - 10));
    }

    /** The directory tells of the first entry only, and its size and number agree. */
    private static byte[] hidden(byte[] two) {
        int first = find(two, CENTRAL, 0);
        int second = find(two, CENTRAL, 1);
        byte[] out = join(Arrays.copyOf(two, second), Arrays.copyOfRange(two, find(two, END, 0), two.length));
        return patched(patched(patched(out, END, 0, 8, 2, 1), END, 0, 10, 2, 1), END, 0, 12, 4, second - first);
    }

    private static byte[] twice(byte[] two) {
        return patched(patched(two, LOCAL, 1, 30, 1, 'a'), CENTRAL, 1, 46, 1, 'a');
    }

    private static byte[] tar(String name, char type, String target, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        SeedFiles.tarEntry(out, name, type, target, content);
        out.writeBytes(new byte[1024]);
        return out.toByteArray();
    }

    private void tars() {
        in("tar", "m.tar");
        byte[] text = ascii("text");
        for (String path : List.of("../a.txt", "/a.txt", "a/../../b.txt", "C:\\a.txt")) {
            bad("path", path, tar(path, '0', "", text));
        }
        bad("path", "long name leads out", pathBefore('L', "../../a.txt\0"));
        bad("path", "record of pax leads out", pathBefore('x', "20 path=../../a.txt\n"));
        bad("content", "symbolic link", tar("a", '2', "/etc/passwd", new byte[0]));
        bad("content", "hard link", tar("a", '1', "/etc/passwd", new byte[0]));
        bad("content", "device", tar("a", '3', "", new byte[0]));
        bad("content", "pickle", tar("m.pkl", '0', "", SYSTEM));
        bad("content", "pickle under a harmless name", tar("readme.md", '0', "", SYSTEM));
        bad("disagreement", "name twice", SeedFiles.tar("a.txt", text, "a.txt", text));
        byte[] plain = SeedFiles.tar("a.txt", text);
        bad("disagreement", "checksum", patched(plain, "ustar", 0, -1, 1, 1));
        bad("path", "prefix leads out", prefixed());
        bad("disagreement", "size in another notation", checked(patched(plain, "ustar", 0, 124 - 257, 4, 0x78307830)));
        bad("disagreement", "negative size", checked(patched(plain, "ustar", 0, 124 - 257, 4, 0xffffffffL)));
        bad("disagreement", "size told twice", sizeBefore());
        bad("disguise", "bytes behind the end", join(plain, SYSTEM));
        bad("disguise", "bytes in the padding", patched(plain, "text", 0, 100, 1, 1));
        bad("malformed", "cut", Arrays.copyOf(plain, 700));
    }

    private static byte[] pathBefore(char type, String record) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        SeedFiles.tarEntry(out, "x", type, "", ascii(record));
        SeedFiles.tarEntry(out, "a.txt", '0', "", ascii("text"));
        out.writeBytes(new byte[1024]);
        return out.toByteArray();
    }

    private static byte[] sizeBefore() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        SeedFiles.tarEntry(out, "x", 'x', "", ascii("13 size=1024\n"));
        SeedFiles.tarEntry(out, "a.txt", '0', "", new byte[512]);
        SeedFiles.tarEntry(out, "hidden.txt", '0', "", SYSTEM);
        out.writeBytes(new byte[1024]);
        return out.toByteArray();
    }

    private static byte[] prefixed() {
        byte[] plain = SeedFiles.tar("a.txt", ascii("text"));
        plain[345] = '.';
        plain[346] = '.';
        return checked(plain);
    }

    private static byte[] checked(byte[] tar) {
        SeedFiles.tarChecksum(tar, 0);
        return tar;
    }

    /** A stored entry whose extra field of Info-ZIP tells another name. */
    private static byte[] unicodePath(String entry, String other) {
        CRC32 crc = new CRC32();
        crc.update(ascii(entry));
        byte[] extra = Wire.of()
                .raw(0x75, 0x70, 5 + other.length(), 0, 1)
                .i32((int) crc.getValue())
                .raw(ascii(other))
                .bytes();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            ZipEntry header = new ZipEntry(entry);
            header.setMethod(ZipEntry.STORED);
            header.setSize(4);
            CRC32 sum = new CRC32();
            sum.update(ascii("text"));
            header.setCrc(sum.getValue());
            header.setExtra(extra);
            zip.putNextEntry(header);
            zip.write(ascii("text"));
            zip.closeEntry();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private void compressed() {
        in("gzip", "m.gz");
        byte[] plain = SeedFiles.gzip(ascii("text"));
        bad("content", "pickle", SeedFiles.gzip(SYSTEM));
        bad("content", "archive with a pickle", SeedFiles.gzip(tar("m.pkl", '0', "", SYSTEM)));
        bad("disguise", "second member", join(plain, SeedFiles.gzip(SYSTEM)));
        bad("disagreement", "checksum", join(Arrays.copyOf(plain, plain.length - 8), new byte[8]));
        bad("malformed", "cut", Arrays.copyOf(plain, plain.length - 9));
        in("archive", "m.bin");
        opaque(
                "opaque",
                "7z",
                Wire.of()
                        .raw('7', 'z', 0xbc, 0xaf, 0x27, 0x1c, 0, 4)
                        .raw(new byte[30])
                        .bytes());
        opaque(
                "opaque",
                "RAR",
                Wire.of()
                        .raw('R', 'a', 'r', '!', 0x1a, 7, 1, 0)
                        .raw(new byte[30])
                        .bytes());
        opaque(
                "opaque",
                "xz",
                Wire.of().raw(0xfd, '7', 'z', 'X', 'Z', 0).raw(new byte[30]).bytes());
        opaque(
                "opaque",
                "Zstandard",
                Wire.of().raw(0x28, 0xb5, 0x2f, 0xfd).raw(new byte[30]).bytes());
        opaque(
                "opaque",
                "bzip2",
                Wire.of()
                        .raw('B', 'Z', 'h', '9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59)
                        .raw(new byte[30])
                        .bytes());
        opaque(
                "opaque",
                "LZ4",
                Wire.of().raw(4, 0x22, 0x4d, 0x18).raw(new byte[30]).bytes());
    }

    // --- safetensors, GGUF ---

    private static String tensor(String name, String type, String shape, String begin, String end) {
        return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":[" + begin + ","
                + end + "]}";
    }

    private void safe() {
        in("safetensors", "m.safetensors");
        String one = tensor("a", "F32", "[2]", "0", "8");
        bad(
                "size",
                "header beyond the file",
                Wire.of().i64(1L << 40).raw(ascii("{}")).bytes());
        bad(
                "size",
                "negative header",
                Wire.of().i64(-1).raw(ascii("{" + one + "}")).bytes());
        bad(
                "size",
                "shape that overflows",
                safetensors("{" + tensor("a", "F32", "[4611686018427387904,4]", "0", "0") + "}", 0));
        bad("size", "shape of 2^63", safetensors("{" + tensor("a", "F32", "[9223372036854775808]", "0", "8") + "}", 8));
        bad("size", "negative shape", safetensors("{" + tensor("a", "F32", "[-2]", "0", "8") + "}", 8));
        bad("size", "fraction in the shape", safetensors("{" + tensor("a", "F32", "[2.5]", "0", "8") + "}", 8));
        bad("layout", "overlap", safetensors("{" + one + "," + tensor("b", "F32", "[2]", "4", "12") + "}", 12));
        bad("layout", "hole", safetensors("{" + one + "," + tensor("b", "F32", "[2]", "12", "20") + "}", 20));
        bad("layout", "bytes behind", join(safetensors("{" + one + "}", 8), SYSTEM));
        bad("layout", "end before begin", safetensors("{" + tensor("a", "F32", "[2]", "8", "0") + "}", 8));
        bad("layout", "offset beyond the file", safetensors("{" + tensor("a", "F32", "[2]", "0", "8") + "}", 4));
        bad("json", "key twice", safetensors("{" + one + "," + one + "}", 8));
        bad(
                "json",
                "attribute twice",
                safetensors("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8));
        bad("json", "lone surrogate", safetensors("{\"\\ud800\":" + one.substring(4) + "}", 8));
        bad("json", "mark of the byte order", safetensors("\ufeff{" + one + "}", 8));
        bad("json", "number 1e400", safetensors("{" + tensor("a", "F32", "[1e400]", "0", "8") + "}", 8));
        bad("json", "50,000 deep", safetensors("{\"a\":" + "[".repeat(50_000) + "]".repeat(50_000) + "}", 0));
        bad("json", "text behind the object", safetensors("{" + one + "} x", 8));
        bad("json", "space before the object", safetensors(" {" + one + "}", 8));
        bad("json", "metadata twice", safetensors("{\"__metadata__\":{},\"__metadata__\":{}," + one + "}", 8));
        bad(
                "json",
                "two spellings of one key",
                safetensors("{" + one + "," + one.replace("\"a\"", "\"\\u0061\"") + "}", 8));
        bad("json", "no UTF-8", noUtf8());
        opaque("member", "unknown type", safetensors("{" + tensor("a", "F33", "[2]", "0", "8") + "}", 8));
        bad("member", "metadata that is no text", safetensors("{\"__metadata__\":{\"a\":{\"b\":1}}}", 0));
        bad(
                "parameters",
                "not a number",
                join(
                        Arrays.copyOf(safetensors("{" + one + "}", 8), 8 + one.length() + 2),
                        new byte[] {0, 0, (byte) 0xc0, 0x7f, 0, 0, 0, 0}));
    }

    private static byte[] noUtf8() {
        byte[] file = safetensors("{\"__metadata__\":{\"a\":\"?\"}}", 0);
        file[find(file, "?", 0)] = (byte) 0xff;
        return file;
    }

    private void gguf() {
        in("gguf", "m.gguf");
        Wire text = ggufPair("general.name", 8, ggufString("x"));
        bad("size", "keys beyond the file", ggufFile(0, 1L << 60, 0, text));
        bad("size", "tensors beyond the file", ggufFile(1L << 60, 1, 0, text));
        bad(
                "size",
                "text of 2^64 - 1",
                ggufFile(0, 1, 0, ggufPair("general.name", 8, Wire.of().i64(-1))));
        bad(
                "size",
                "list whose bytes overflow",
                ggufFile(0, 1, 0, ggufPair("k", 9, Wire.of().i32(10).i64(1L << 61))));
        bad("size", "sizes that overflow", ggufFile(1, 1, 64, text, ggufTensor("w", 0, 0, 1L << 32, 1L << 32)));
        bad("size", "tensor beyond the file", ggufFile(1, 1, 32, text, ggufTensor("w", 0, 0, 1000)));
        bad("layout", "offset beyond the file", ggufFile(1, 1, 32, text, ggufTensor("w", 0, 1L << 40, 8)));
        bad("layout", "offset that is not aligned", ggufFile(1, 1, 64, text, ggufTensor("w", 0, 4, 8)));
        bad("layout", "overlap", ggufFile(2, 1, 64, text, ggufTensor("w", 0, 0, 16), ggufTensor("v", 0, 32, 8)));
        bad(
                "layout",
                "alignment 0",
                ggufFile(1, 1, 32, ggufPair("general.alignment", 4, Wire.of().i32(0)), ggufTensor("w", 0, 0, 8)));
        bad(
                "layout",
                "alignment 7",
                ggufFile(1, 1, 32, ggufPair("general.alignment", 4, Wire.of().i32(7)), ggufTensor("w", 0, 0, 8)));
        bad("layout", "bytes behind", join(ggufFile(1, 1, 32, text, ggufTensor("w", 0, 0, 8)), SYSTEM));
        bad("member", "key twice", ggufFile(0, 2, 0, text, text));
        bad("member", "tensor twice", ggufFile(2, 1, 64, text, ggufTensor("w", 0, 0, 8), ggufTensor("w", 0, 32, 8)));
        bad(
                "member",
                "truth value 2",
                ggufFile(0, 1, 0, ggufPair("k", 7, Wire.of().raw(2))));
        bad("member", "99 axes", ggufFile(1, 1, 32, text, ggufTensor("w", 0, 0, new long[99])));
        bad(
                "member",
                "key that is no UTF-8",
                ggufFile(
                        0,
                        1,
                        0,
                        Wire.of().i64(1).raw(0xff).i32(8).raw(ggufString("x").bytes())));
        bad(
                "member",
                "unknown type of value",
                ggufFile(0, 1, 0, ggufPair("k", 77, Wire.of().i32(0))));
        opaque("member", "unknown type of tensor", ggufFile(1, 1, 32, text, ggufTensor("w", 999, 0, 8)));
        opaque("member", "unknown version", patched(ggufFile(0, 1, 0, text), "GGUF", 0, 4, 4, 77));
        bad("bomb", "lists in lists", ggufFile(0, 1, 0, nestedLists(10_000)));
        for (String template : List.of(
                "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
                "{{ ''|attr('__class__') }}",
                "{{ x['__cla'~'ss__'] }}",
                "{{ messages.__class__.__mro__ }}",
                "{% include '/etc/passwd' %}",
                "{% import 'os' as os %}",
                "{{ lipsum['__glo' + 'bals__'] }}",
                "{{ self._TemplateReference__context }}")) {
            bad("template", template, ggufFile(0, 1, 0, ggufPair("tokenizer.chat_template", 8, ggufString(template))));
        }
        bad(
                "template",
                "in a named template",
                ggufFile(0, 1, 0, ggufPair("tokenizer.chat_template.tool_use", 8, ggufString("{{ ''.__class__ }}"))));
    }

    private static Wire nestedLists(int depth) {
        Wire lists = Wire.of();
        for (int i = 0; i < depth; i++) {
            lists.i32(9).i64(1);
        }
        return ggufPair("k", 9, lists.i32(0).i64(0));
    }

    // --- Keras, HDF5 ---

    private void keras() {
        String lambda = layer(
                "keras.layers",
                "Lambda",
                "\"function\": {\"class_name\": \"__lambda__\", \"config\": {\"code\": \"4wE=\"}}");
        kerasBoth("code", "Lambda", kerasModel(lambda));
        kerasBoth(
                "code",
                "Lambda in a wrapper",
                kerasModel(layer("keras.layers", "TimeDistributed", "\"layer\": " + lambda)));
        kerasBoth("code", "Lambda in an inner model", kerasModel(kerasModel(lambda)));
        kerasBoth(
                "code",
                "lambda as activation",
                kerasModel(
                        dense(", \"activation\": {\"class_name\": \"__lambda__\", \"config\": {\"code\": \"4wE=\"}}")));
        kerasBoth(
                "code",
                "TorchModuleWrapper",
                kerasModel(layer("keras.layers", "TorchModuleWrapper", "\"module\": \"gASV\"")));
        kerasBoth("module", "module of the system", kerasModel(layer("os", "system", "\"command\": \"id\"")));
        kerasBoth("module", "module that begins alike", kerasModel(layer("kerasx.layers", "Dense", "\"units\": 2")));
        kerasBoth(
                "module",
                "class of the registry",
                kerasModel(
                        "{\"module\": null, \"class_name\": \"Evil\", \"config\": {}, \"registered_name\": \"pkg>Evil\"}"));
        kerasBoth(
                "module",
                "module in an initializer",
                kerasModel(
                        dense(
                                ", \"kernel_initializer\": {\"module\": \"subprocess\", \"class_name\": \"Popen\", \"config\": {}, \"registered_name\": null}")));
        kerasBoth(
                "function",
                "function that loads a file",
                kerasModel(
                        dense(
                                ", \"activation\": {\"module\": \"keras.utils\", \"class_name\": \"function\", \"config\": \"get_file\", \"registered_name\": \"get_file\"}")));
        kerasBoth(
                "function",
                "function that ends the safe mode",
                kerasModel(
                        dense(
                                ", \"activation\": {\"module\": \"keras.config\", \"class_name\": \"function\", \"config\": \"enable_unsafe_deserialization\", \"registered_name\": \"enable_unsafe_deserialization\"}")));
        kerasBoth(
                "function",
                "function of the system",
                kerasModel(
                        dense(
                                ", \"activation\": {\"module\": \"builtins\", \"class_name\": \"function\", \"config\": \"eval\", \"registered_name\": \"eval\"}")));
        kerasBoth(
                "path",
                "vocabulary of a file",
                kerasModel(layer("keras.layers", "StringLookup", "\"vocabulary\": \"/etc/passwd\"")));
        kerasBoth(
                "path",
                "vocabulary of the network",
                kerasModel(layer("keras.layers", "TextVectorization", "\"vocabulary\": \"http://x.invalid/v\"")));
        kerasBoth("json", "member twice", kerasModel(dense("")).replace("\"units\": 2", "\"units\": 2, \"units\": 3"));
        String evil =
                "{\"module\": \"builtins\", \"class_name\": \"function\", \"config\": \"eval\", \"registered_name\": \"eval\"}";
        kerasBoth(
                "module",
                "registered name of another",
                kerasModel(dense("")).replace("\"registered_name\": null}]", "\"registered_name\": \"Custom>Evil\"}]"));
        kerasBoth(
                "function",
                "as a loss",
                kerasModel(dense(""))
                        .replace(
                                "\"build_config\"",
                                "\"compile_config\": {\"optimizer\": \"adam\", \"loss\": " + evil
                                        + "}, \"build_config\""));
        kerasBoth(
                "module",
                "as an optimizer",
                kerasModel(dense(""))
                        .replace(
                                "\"build_config\"",
                                "\"compile_config\": {\"optimizer\": {\"module\": \"os\", \"class_name\": \"system\", \"config\": {}}}, \"build_config\""));
        kerasBoth(
                "function",
                "in the building",
                kerasModel(dense("")).replace("\"input_shape\": [null, 4]", "\"input_shape\": " + evil));
        kerasBoth(
                "code",
                "Lambda of an old release",
                "{\"class_name\": \"Sequential\", \"config\": [{\"class_name\": \"Lambda\", \"config\": {\"function\": [\"4wE=\", null, null], \"function_type\": \"lambda\"}}]}");
        kerasBoth("bomb", "50,000 deep", kerasModel("[".repeat(50_000) + "]".repeat(50_000)));
        in("keras", "m.keras");
        String plain = kerasModel(dense(""));
        bad("path", "asset leads out", SeedFiles.keras(plain, "assets/../../x", ascii("x")));
        bad("nested", "pickle as asset", SeedFiles.keras(plain, "assets/x.txt", SYSTEM));
        bad("nested", "pickle beside", SeedFiles.keras(plain, "extra.pkl", SYSTEM));
        bad(
                "layout",
                "no weights",
                zip("metadata.json", ascii("{\"keras_version\": \"3.5.0\"}"), "config.json", ascii(plain)));
        bad(
                "nested",
                "weights are a pickle",
                zip(
                        "metadata.json",
                        ascii("{\"keras_version\": \"3.5.0\"}"),
                        "config.json",
                        ascii(plain),
                        "model.weights.h5",
                        SYSTEM));
    }

    private void kerasBoth(String group, String title, String config) {
        in("keras", "m.keras");
        bad(group, title, SeedFiles.keras(config));
        if (config.length() < 30_000) {
            in("keras-h5", "m.h5");
            bad(group, title, SeedFiles.h5(config));
        }
    }

    private static byte[] rooted(Hdf5Writer writer, Hdf5Writer.Message... messages) {
        List<Hdf5Writer.Message> all = new ArrayList<>(List.of(groupInfo()));
        all.addAll(Arrays.asList(messages));
        return writer.finish(writer.object(all.toArray(new Hdf5Writer.Message[0])));
    }

    private void hdf5() {
        in("keras-h5", "m.h5");
        bad(
                "link",
                "external link",
                rooted(
                        new Hdf5Writer(false),
                        link(
                                "w",
                                64,
                                Wire.of()
                                        .raw(13, 0, 0)
                                        .raw(ascii("a.h5\0/w\0"))
                                        .raw(0, 0)
                                        .bytes())));
        bad(
                "link",
                "external link of right length",
                rooted(
                        new Hdf5Writer(false),
                        link(
                                "w",
                                64,
                                Wire.of().raw(9, 0, 0).raw(ascii("a.h5\0/w\0")).bytes())));
        bad(
                "link",
                "link of the user",
                rooted(
                        new Hdf5Writer(false),
                        link("w", 80, Wire.of().raw(2, 0, 1, 2).bytes())));
        Hdf5Writer external = new Hdf5Writer(false);
        long heap = external.put(
                Wire.of().raw(ascii("HEAP")).i32(0).i64(16).i64(1).i64(0).bytes());
        long outside = external.object(
                space(2),
                type(Hdf5Writer.f32()),
                new Hdf5Writer.Message(
                        7,
                        0,
                        Wire.of()
                                .raw(1, 0, 0, 0, 1, 0, 1, 0)
                                .i64(heap)
                                .i64(0)
                                .i64(0)
                                .i64(8)
                                .bytes()),
                contiguous(-1, 8));
        bad("link", "data in another file", rooted(external, link("w", outside)));
        Hdf5Writer virtual = new Hdf5Writer(false);
        long elsewhere = virtual.object(
                space(2),
                type(Hdf5Writer.f32()),
                new Hdf5Writer.Message(8, 0, Wire.of().raw(4, 3).i64(64).i32(0).bytes()));
        bad("link", "virtual data", rooted(virtual, link("w", elsewhere)));
        Hdf5Writer own = new Hdf5Writer(false);
        bad("bomb", "group within itself", rooted(own, link("a", 48)));
        bad("bomb", "tree within itself", tree());
        Hdf5Writer shape = new Hdf5Writer(false);
        bad(
                "size",
                "shape that overflows",
                rooted(
                        shape,
                        link("w", shape.object(space(1L << 40, 1L << 40), type(Hdf5Writer.f32()), contiguous(48, 8)))));
        Hdf5Writer beyond = new Hdf5Writer(false);
        bad(
                "size",
                "data beyond the file",
                rooted(beyond, link("w", beyond.object(space(1000), type(Hdf5Writer.f32()), contiguous(48, 4000)))));
        Hdf5Writer little = new Hdf5Writer(false);
        bad(
                "size",
                "shape larger than the data",
                rooted(
                        little,
                        link("w", little.object(space(1L << 30), type(Hdf5Writer.f32()), compact(new byte[4])))));
        byte[] plain = SeedFiles.h5(kerasModel(dense("")));
        bad("disagreement", "checksum", patched(plain, "OHDR", 0, 12, 1, 99));
        bad("disguise", "pickle in the user block", join(Arrays.copyOf(SYSTEM, 512), plain));
        opaque("disguise", "user block", join(Arrays.copyOf(ascii("#!/bin/sh"), 512), plain));
        bad("malformed", "cut", Arrays.copyOf(plain, plain.length - 20));
        Hdf5Writer twice = new Hdf5Writer(false);
        long d = twice.dataset(1, 2);
        bad("disagreement", "link twice", rooted(twice, link("w", d), link("w", d)));
        Hdf5Writer nested = new Hdf5Writer(false);
        bad(
                "nested",
                "pickle in an attribute",
                rooted(
                        nested,
                        attribute(
                                "model_config",
                                new String(ascii("cos\nsystem\n(S'id'\ntR."), StandardCharsets.UTF_8))));
    }

    private static byte[] tree() {
        Hdf5Writer w = new Hdf5Writer(true);
        long a = w.dataset(1);
        return w.finish(w.oldGroup(List.of("a"), List.of(a), List.of(), 0, 1));
    }

    // --- Deeplearning4j ---

    private void dl4j() {
        in("dl4j", "m.zip");
        String dense = SeedFiles.dl4jLayer("org.deeplearning4j.nn.conf.layers.DenseLayer");
        byte[] stream = SeedFiles.java(new ArrayList<>(List.of("x")));
        bad("nested", "preprocessor", SeedFiles.dl4j(dense, "preprocessor.bin", stream));
        bad("nested", "normalizer is a Java stream", SeedFiles.dl4j(dense, "normalizer.bin", stream));
        bad("nested", "updater is a Java stream", SeedFiles.dl4j(dense, "updater.bin", stream));
        bad("nested", "Java stream under another name", SeedFiles.dl4j(dense, "notes.txt", SeedFiles.java(new Own())));
        bad("nested", "pickle beside", SeedFiles.dl4j(dense, "extra.pkl", SYSTEM));
        bad("nested", "normalizer of a named class", SeedFiles.dl4j(dense, "normalizer.bin", SeedFiles.data(out -> {
            out.writeUTF("NORMALIZER");
            out.writeInt(1);
            out.writeUTF("CUSTOM");
            out.writeUTF("com.example.Evil");
        })));
        for (String type : List.of(
                "com.sun.rowset.JdbcRowSetImpl",
                "org.springframework.context.support.ClassPathXmlApplicationContext",
                "javax.script.ScriptEngineManager",
                "org.deeplearning4j.nn.conf.layers.DenseLayerX",
                "org.deeplearning4j.nn.conf.layers.DenseLayer\\u0000",
                "ORG.deeplearning4j.nn.conf.layers.DenseLayer",
                "org.nd4j.linalg.activations.impl.ActivationReLU$Evil",
                "com.example.MyLayer")) {
            bad("class", type, SeedFiles.dl4j(SeedFiles.dl4jLayer(type)));
        }
        bad(
                "class",
                "in an activation",
                SeedFiles.dl4j(dense.replace(
                        "\"nin\"", "\"activationFn\": {\"@class\": \"javax.swing.JEditorPane\"}, \"nin\"")));
        bad(
                "class",
                "in a place that is not read",
                SeedFiles.dl4j(
                        dense.replace("\"nin\"", "\"x\": [[{\"@class\": \"javax.swing.JEditorPane\"}]], \"nin\"")));
        bad(
                "class",
                "type told twice",
                SeedFiles.dl4j(dense.replace("\"nin\"", "\"@class\": \"javax.swing.JEditorPane\", \"nin\"")));
        bad(
                "class",
                "as a wrapper",
                SeedFiles.dl4j("{\"layer\": {\"com.sun.rowset.JdbcRowSetImpl\": {\"nin\": 1, \"nout\": 2}}}"));
        bad(
                "class",
                "spelled with an escape",
                SeedFiles.dl4j(
                        dense.replace("\"nin\"", "\"y\": {\"\\u0040class\": \"javax.swing.JEditorPane\"}, \"nin\"")));
        bad(
                "class",
                "as an updater",
                SeedFiles.dl4j(
                        dense.replace("\"nin\"", "\"iupdater\": {\"@class\": \"com.example.Updater\"}, \"nin\"")));
        bad(
                "class",
                "as a preprocessor",
                zip(
                        "configuration.json",
                        ascii("{\"confs\": [" + dense
                                + "], \"inputPreProcessors\": {\"0\": {\"@class\": \"com.example.Evil\"}}}"),
                        "coefficients.bin",
                        SeedFiles.nd4j(1, 2, 3, 4)));
        byte[] plain = SeedFiles.dl4j();
        String config = "{\"confs\": [" + dense + "]}";
        bad(
                "size",
                "fewer parameters than layers have",
                zip("configuration.json", ascii(config), "coefficients.bin", SeedFiles.nd4j(1, 2)));
        byte[] array = SeedFiles.nd4j(1, 2, 3, 4);
        bad(
                "size",
                "shape larger than the array",
                zip("configuration.json", ascii(config), "coefficients.bin", patchedBig(array, 44, 1L << 40)));
        bad(
                "size",
                "negative rank",
                zip("configuration.json", ascii(config), "coefficients.bin", patchedBig(array, 26, -2)));
        bad(
                "size",
                "array cut",
                zip("configuration.json", ascii(config), "coefficients.bin", Arrays.copyOf(array, array.length - 4)));
        bad("path", "entry leads out", SeedFiles.dl4j(dense, "../../x", ascii("x")));
        bad("layout", "no parameters", zip("configuration.json", ascii(config), "updaterState.bin", array));
        bad(
                "json",
                "member twice",
                zip(
                        "configuration.json",
                        ascii("{\"confs\": [], \"confs\": [" + dense + "]}"),
                        "coefficients.bin",
                        array));
        bad("disagreement", "checksum", patched(plain, CENTRAL, 0, 16, 4, 1));
    }

    private static byte[] patchedBig(byte[] bytes, int at, long value) {
        byte[] out = bytes.clone();
        ByteBuffer.wrap(out).order(ByteOrder.BIG_ENDIAN).putLong(at, value);
        return out;
    }

    private void samediff() {
        in("samediff", "m.fb");
        bad("operator", "unknown operator", SeedFiles.samediff(SeedFiles.flatNode("my_operator", 3, 1, 2)));
        bad("operator", "operator that prints", SeedFiles.samediff(SeedFiles.flatNode("print_variable", 21, 1, 2)));
        bad("operator", "number of another operator", SeedFiles.samediff(SeedFiles.flatNode("add", 21, 12345, 1, 2)));
        bad("operator", "input that is not there", SeedFiles.samediff(SeedFiles.flatNode("tanh", 3, 1, 9)));
        bad("size", "shape larger than the data", flat(2, 1, 1L << 40, 1, 1, 0x2000, 1, 'c'));
        bad("size", "sizes that overflow", flat(2, 1L << 32, 1L << 32, 1, 1, 0x2000, 1, 'c'));
        bad("size", "negative size", flat(2, 1, -2, 1, 1, 0x2000, 1, 'c'));
        bad("size", "rank beyond the shape", flat(30, 1, 2, 2, 1, 0x2000, 1, 'c'));
        bad("size", "strides beyond the data", flat(2, 1, 2, 1 << 20, 1 << 20, 0x2000, 1, 'c'));
        byte[] plain = SeedFiles.samediff();
        // Behind the root offset and three fields stand the offsets of variables and nodes.
        opaque("layout", "root beyond the file", patchedLittle(plain, 0, 0x7ffffff0));
        opaque("layout", "variables beyond the file", patchedLittle(plain, 18, 0x7ffffff0));
        opaque("layout", "nodes beyond the file", patchedLittle(plain, 22, 0x7ffffff0));
        bad(
                "member",
                "variable twice",
                Flat.table()
                        .with(1, List.of(SeedFiles.flatVariable(1, "w", null), SeedFiles.flatVariable(1, "w", null)))
                        .with(2, List.of(SeedFiles.flatNode("tanh", 3, 1, 1)))
                        .file());
        in("samediff", "m.sdz");
        bad("nested", "pickle beside the graph", zip("samediff.fb", plain, "x.pkl", SYSTEM));
    }

    private static byte[] flat(long... info) {
        Flat array = Flat.table()
                .with(0, info)
                .with(1, new byte[8])
                .with(2, (byte) 5)
                .with(3, (byte) 0);
        return Flat.table()
                .with(1, List.of(SeedFiles.flatVariable(1, "w", array), SeedFiles.flatVariable(2, "x", null)))
                .with(2, List.of(SeedFiles.flatNode("tanh", 3, 1, 2)))
                .file();
    }

    private static byte[] patchedLittle(byte[] bytes, int at, int value) {
        byte[] out = bytes.clone();
        ByteBuffer.wrap(out).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
        return out;
    }

    // --- Java streams ---

    private static byte[] raw(SeedFiles.Writing writing) {
        return SeedFiles.data(out -> {
            out.writeInt(0xaced0005);
            writing.to(out);
        });
    }

    /** An object of a class without fields. */
    private static byte[] object(String type, int flags) {
        return raw(out -> {
            out.writeByte(0x73);
            out.writeByte(0x72);
            out.writeUTF(type);
            out.writeLong(1);
            out.writeByte(flags);
            out.writeShort(0);
            out.writeByte(0x78);
            out.writeByte(0x70);
        });
    }

    private void java() {
        in("java-serialization", "m.ser");
        bad("class", "unknown class", object("com.example.Model", 2));
        bad("class", "gadget", object("org.apache.commons.collections.functors.InvokerTransformer", 2));
        bad("class", "gadget of the JDK", object("com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl", 2));
        bad("class", "class of the JDK that connects", object("java.net.URL", 2));
        bad("class", "process of the JDK", object("java.lang.ProcessBuilder", 2));
        bad("class", "trigger of the JDK", object("javax.management.BadAttributeValueExpException", 3));
        bad("class", "comparator", SeedFiles.java(new java.util.TreeMap<Object, Object>(new OwnOrder())));
        bad("class", "class as a value", SeedFiles.java(new ArrayList<>(List.of(Own.class))));
        bad("class", "enumeration", SeedFiles.java(OwnKind.ONE));
        bad("class", "reader of itself", object("com.example.Model", 12));
        bad("class", "array of a gadget", raw(out -> {
            out.writeByte(0x75);
            out.writeByte(0x72);
            out.writeUTF("[Lcom.example.Evil;");
            out.writeLong(1);
            out.writeByte(2);
            out.writeShort(0);
            out.writeByte(0x78);
            out.writeByte(0x70);
            out.writeInt(0);
        }));
        bad("class", "proxy", raw(out -> {
            out.writeByte(0x73);
            out.writeByte(0x7d);
            out.writeInt(1);
            out.writeUTF("java.util.Map");
            out.writeByte(0x78);
            out.writeByte(0x70);
        }));
        bad("class", "in a field of a list", SeedFiles.java(new ArrayList<>(List.of(new Own()))));
        bad("size", "array of 2^31 - 1", raw(out -> {
            out.writeByte(0x75);
            out.writeByte(0x72);
            out.writeUTF("[D");
            out.writeLong(0x3ea68c14ab635a1eL);
            out.writeByte(2);
            out.writeShort(0);
            out.writeByte(0x78);
            out.writeByte(0x70);
            out.writeInt(Integer.MAX_VALUE);
        }));
        bad("size", "text of 2^40", raw(out -> {
            out.writeByte(0x7c);
            out.writeLong(1L << 40);
        }));
        bad("size", "negative text", raw(out -> {
            out.writeByte(0x7c);
            out.writeLong(-1);
        }));
        bad("bomb", "sets in sets", nestedSets(40));
        bad("bomb", "lists 5,000 deep", raw(out -> {
            for (int i = 0; i < 5000; i++) {
                out.writeByte(0x75);
                if (i == 0) {
                    out.writeByte(0x72);
                    out.writeUTF("[Ljava.lang.Object;");
                    out.writeLong(0x90ce589f1073296cL);
                    out.writeByte(2);
                    out.writeShort(0);
                    out.writeByte(0x78);
                    out.writeByte(0x70);
                } else {
                    out.writeByte(0x71);
                    out.writeInt(0x7e0000);
                }
                out.writeInt(1);
            }
            out.writeByte(0x70);
        }));
        bad("stream", "bytes behind", join(SeedFiles.java("x"), SYSTEM));
        bad("stream", "second stream", join(SeedFiles.java("x"), SeedFiles.java("y")));
        bad("malformed", "reference to nothing", raw(out -> {
            out.writeByte(0x71);
            out.writeInt(0x7e0005);
        }));
        bad("malformed", "cut", Arrays.copyOf(SeedFiles.java(SeedFiles.javaMap()), 60));
    }

    /** Two sets at each level, each with the two of the next: hashing takes two to the power of the levels. */
    private static byte[] nestedSets(int levels) {
        Set<Object> root = new HashSet<>();
        Set<Object> one = root;
        Set<Object> two = new HashSet<>();
        for (int i = 0; i < levels; i++) {
            // Added while they are nearly empty, so nothing is hashed twice here.
            Set<Object> a = new HashSet<>(Set.of("x"));
            Set<Object> b = new HashSet<>();
            one.addAll(List.of(a, b));
            two.addAll(List.of(a, b));
            one = a;
            two = b;
        }
        return SeedFiles.java(root);
    }

    // --- PMML ---

    private void pmml() {
        in("pmml", "m.pmml");
        String plain = SeedFiles.pmml(SeedFiles.PMML_REGRESSION);
        String head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        String body = plain.substring(head.length());
        bad(
                "dtd",
                "external entity",
                ascii(head + "<!DOCTYPE PMML [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n" + body));
        bad(
                "dtd",
                "entities that grow",
                ascii(head + "<!DOCTYPE PMML [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]>\n" + body));
        bad(
                "dtd",
                "parameter entity",
                ascii(head + "<!DOCTYPE PMML [<!ENTITY % x SYSTEM \"http://x.invalid/\"> %x;]>\n" + body));
        bad("dtd", "empty one", ascii(head + "<!DOCTYPE PMML>\n" + body));
        bad("dtd", "external one", ascii(head + "<!DOCTYPE PMML SYSTEM \"http://x.invalid/p.dtd\">\n" + body));
        bad(
                "dtd",
                "in UTF-16",
                (head.replace("UTF-8", "UTF-16") + "<!DOCTYPE PMML [<!ENTITY x \"y\">]>" + body)
                        .getBytes(StandardCharsets.UTF_16));
        bad("encoding", "UTF-7", ascii(plain.replace("UTF-8", "UTF-7")));
        bad("encoding", "EBCDIC", plain.replace("UTF-8", "IBM037").getBytes(Charset.forName("IBM037")));
        bad("encoding", "UTF-32", plain.replace("UTF-8", "UTF-32").getBytes(Charset.forName("UTF-32BE")));
        bad(
                "encoding",
                "overlong UTF-8",
                join(
                        ascii(plain.substring(0, plain.indexOf("</PMML>"))),
                        new byte[] {(byte) 0xc0, (byte) 0xbc},
                        ascii("</PMML>")));
        bad(
                "inclusion",
                "XInclude",
                ascii(SeedFiles.pmml("<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"/etc/passwd\"/>"
                        + SeedFiles.PMML_REGRESSION)));
        bad("inclusion", "style sheet", ascii(head + "<?xml-stylesheet href=\"http://x.invalid/\"?>" + body));
        bad(
                "inclusion",
                "XSLT around it",
                ascii(head + "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\">"
                        + body + "</xsl:stylesheet>"));
        bad("bomb", "20,000 deep", ascii(SeedFiles.pmml("<a>".repeat(20_000) + "</a>".repeat(20_000))));
        StringBuilder attributes = new StringBuilder("<RegressionModel");
        for (int i = 0; i < 20_000; i++) {
            attributes.append(" a").append(i).append("=\"\"");
        }
        bad("bomb", "20,000 attributes", ascii(SeedFiles.pmml(attributes + "/>")));
        bad(
                "malformed",
                "attribute twice",
                ascii(SeedFiles.pmml("<RegressionModel functionName=\"a\" functionName=\"b\"/>")));
        bad("malformed", "unknown entity", ascii(SeedFiles.pmml("<RegressionModel functionName=\"&x;\"/>")));
        bad("malformed", "cut", ascii(plain.substring(0, plain.length() - 20)));
        bad("malformed", "second root", ascii(plain + "<PMML/>"));
        bad("function", "function of a Java class", ascii(SeedFiles.pmml(derived("net.example.Evil", ""))));
        bad(
                "function",
                "function that calls itself",
                ascii(
                        SeedFiles.pmml(
                                derived(
                                        "f",
                                        "<DefineFunction name=\"f\" optype=\"continuous\"><ParameterField name=\"p\"/><Apply function=\"f\"><FieldRef field=\"p\"/></Apply></DefineFunction>"))));
        bad("parameters", "not a number", ascii(plain.replace("2.5e-1", "NaN")));
        bad(
                "size",
                "array of another length",
                ascii(SeedFiles.pmml(SeedFiles.PMML_TREE.replace("n=\"3\"", "n=\"300000000\""))));
    }

    private static String derived(String function, String definition) {
        return "<TransformationDictionary>" + definition
                + "<DerivedField name=\"d\" optype=\"continuous\" dataType=\"double\">"
                + "<Apply function=\"" + function
                + "\"><FieldRef field=\"x\"/></Apply></DerivedField></TransformationDictionary>"
                + SeedFiles.PMML_REGRESSION;
    }

    // --- ONNX, TensorFlow ---

    private static byte[] onnxTensor(Wire tensor) {
        return onnx(onnxGraph(Wire.of().b(5, tensor)));
    }

    private static Wire external(String... pairs) {
        Wire tensor = Wire.of().v(1, 4).v(2, 1).b(8, "e").v(14, 1);
        for (int i = 0; i < pairs.length; i += 2) {
            tensor.b(13, Wire.of().b(1, pairs[i]).b(2, pairs[i + 1]));
        }
        return tensor;
    }

    private void onnxFiles() {
        in("onnx", "m.onnx");
        byte[] plain = onnx(onnxGraph());
        bad(
                "wire",
                "varint of 11 bytes",
                onnx(onnxGraph(), Wire.of().raw(0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)));
        bad("wire", "group", onnx(onnxGraph(), Wire.of().raw(0x2b, 0x2c)));
        bad("wire", "length beyond the end", onnx(onnxGraph(), Wire.of().raw(0x32, 0xff, 0xff, 0xff, 0xff, 0x07)));
        bad("wire", "graph twice", onnx(onnxGraph(), Wire.of().b(7, onnxGraph())));
        bad("wire", "unknown field with a pickle", onnx(onnxGraph(), Wire.of().b(99, SYSTEM)));
        bad("wire", "unknown field with much", onnx(onnxGraph(), Wire.of().b(99, new byte[20_000])));
        Wire deep = onnxGraph();
        for (int i = 0; i < 500; i++) {
            deep = Wire.of()
                    .b(
                            1,
                            onnxNode(
                                    "If",
                                    List.of("c"),
                                    List.of("y"),
                                    Wire.of().b(1, "then_branch").b(6, deep).v(20, 5)))
                    .b(2, "g");
        }
        bad("bomb", "500 graphs deep", onnx(deep));
        bad(
                "operator",
                "unknown domain",
                onnx(
                        onnxGraph(Wire.of()
                                .b(
                                        1,
                                        onnxNode("Evil", List.of("x"), List.of("z"))
                                                .b(7, "com.example"))),
                        Wire.of().b(8, Wire.of().b(1, "com.example").v(2, 1))));
        bad(
                "operator",
                "Python in ONNX Runtime",
                onnx(
                        onnxGraph(Wire.of()
                                .b(
                                        1,
                                        onnxNode("PyOp", List.of("x"), List.of("z"))
                                                .b(7, "ai.onnx.contrib"))),
                        Wire.of().b(8, Wire.of().b(1, "ai.onnx.contrib").v(2, 1))));
        bad(
                "operator",
                "unknown operator",
                onnx(onnxGraph(Wire.of().b(1, onnxNode("Evil", List.of("x"), List.of("z"))))));
        bad(
                "graph",
                "cycle",
                onnx(onnxGraph(Wire.of()
                        .b(1, onnxNode("Add", List.of("q", "x"), List.of("p")))
                        .b(1, onnxNode("Add", List.of("p", "x"), List.of("q"))))));
        bad("graph", "output twice", onnx(onnxGraph(Wire.of().b(1, onnxNode("Neg", List.of("x"), List.of("y"))))));
        bad(
                "graph",
                "input from nowhere",
                onnx(onnxGraph(Wire.of().b(1, onnxNode("Neg", List.of("nowhere"), List.of("z"))))));
        bad("graph", "weight twice", onnx(onnxGraph(Wire.of().b(5, SeedFiles.onnxFloats("w", 4)))));
        bad(
                "graph",
                "function that calls itself",
                onnx(
                        onnxGraph(Wire.of()
                                .b(1, onnxNode("F", List.of("x"), List.of("z")).b(7, "local"))),
                        Wire.of().b(8, Wire.of().b(1, "local").v(2, 1)),
                        Wire.of()
                                .b(
                                        25,
                                        Wire.of()
                                                .b(1, "F")
                                                .b(4, "a")
                                                .b(5, "b")
                                                .b(
                                                        7,
                                                        onnxNode("F", List.of("a"), List.of("b"))
                                                                .b(7, "local"))
                                                .b(9, Wire.of().b(1, "local").v(2, 1))
                                                .b(10, "local"))));
        bad(
                "size",
                "sizes that overflow",
                onnxTensor(Wire.of()
                        .v(1, 1L << 40)
                        .v(1, 1L << 40)
                        .v(2, 1)
                        .b(8, "e")
                        .b(9, new byte[4])));
        bad(
                "size",
                "negative size",
                onnxTensor(Wire.of().v(1, -1).v(2, 1).b(8, "e").b(9, new byte[4])));
        bad(
                "size",
                "data shorter than the shape",
                onnxTensor(Wire.of().v(1, 4).v(2, 1).b(8, "e").b(9, new byte[4])));
        bad(
                "size",
                "data told twice",
                onnxTensor(Wire.of().v(1, 1).v(2, 1).b(8, "e").b(4, new byte[4]).b(9, new byte[4])));
        bad(
                "size",
                "unknown type",
                onnxTensor(Wire.of().v(1, 1).v(2, 99).b(8, "e").b(9, new byte[4])));
        for (String path : List.of(
                "/etc/passwd", "../../etc/passwd", "a/../../b", "C:\\b", "..\\b", "file:///etc/passwd", "a\0b")) {
            bad(
                    "path",
                    path.replace("\0", "\\0"),
                    onnxTensor(external("location", path, "offset", "0", "length", "16")));
        }
        bad(
                "path",
                "offset and length that overflow",
                onnxTensor(external("location", "w.bin", "offset", "9223372036854775807", "length", "16")));
        bad("path", "negative offset", onnxTensor(external("location", "w.bin", "offset", "-1", "length", "16")));
        bad("path", "told twice", onnxTensor(external("location", "w.bin", "location", "/etc/passwd", "length", "16")));
        bad(
                "path",
                "in a constant",
                onnx(onnxGraph(Wire.of()
                        .b(
                                1,
                                onnxNode(
                                        "Constant",
                                        List.of(),
                                        List.of("k"),
                                        Wire.of()
                                                .b(1, "value")
                                                .b(5, external("location", "../k"))
                                                .v(20, 4))))));
        bad(
                "path",
                "in a branch",
                onnx(onnxGraph(Wire.of()
                        .b(
                                1,
                                onnxNode(
                                        "If",
                                        List.of("x"),
                                        List.of("z"),
                                        Wire.of()
                                                .b(1, "then_branch")
                                                .b(
                                                        6,
                                                        Wire.of()
                                                                .b(1, onnxNode("Identity", List.of("e"), List.of("o")))
                                                                .b(2, "b")
                                                                .b(5, external("location", "/etc/passwd"))
                                                                .b(12, onnxValue("o")))
                                                .v(20, 5),
                                        Wire.of()
                                                .b(1, "else_branch")
                                                .b(
                                                        6,
                                                        Wire.of()
                                                                .b(1, onnxNode("Identity", List.of("x"), List.of("o")))
                                                                .b(2, "b")
                                                                .b(12, onnxValue("o")))
                                                .v(20, 5))))));
        bad(
                "graph",
                "attribute twice",
                onnx(onnxGraph(Wire.of()
                        .b(
                                1,
                                onnxNode(
                                        "Softmax",
                                        List.of("x"),
                                        List.of("z"),
                                        Wire.of().b(1, "axis").v(3, 1).v(20, 2),
                                        Wire.of().b(1, "axis").v(3, 0).v(20, 2))))));
        opaque(
                "graph",
                "version 9999 of the format",
                Wire.of()
                        .v(1, 9999)
                        .b(7, onnxGraph())
                        .b(8, Wire.of().b(1, "").v(2, 13))
                        .bytes());
        opaque("path", "file beside", onnxTensor(external("location", "w.bin", "offset", "0", "length", "16")));
        bad(
                "parameters",
                "not a number",
                onnxTensor(Wire.of().v(1, 1).v(2, 1).b(8, "e").b(9, new byte[] {0, 0, (byte) 0xc0, 0x7f})));
        bad("malformed", "cut", Arrays.copyOf(plain, plain.length - 3));
    }

    private void tensorflow() {
        in("tensorflow", "saved_model.pb");
        for (String operator : List.of(
                "PyFunc",
                "EagerPyFunc",
                "ReadFile",
                "WriteFile",
                "MatchingFiles",
                "ImmutableConst",
                "TextLineDataset",
                "DebugIdentityV2",
                "MyOperator",
                "Abort")) {
            bad("operator", operator, tfSaved(tfGraph(tfNode("bad", operator, "x"))));
        }
        bad("operator", "in a function", tfSaved(tfGraph(), tfFunction(tfNode("bad", "ReadFile", "a"))));
        bad(
                "operator",
                "in a graph without a model",
                tfGraph(tfNode("bad", "WriteFile", "x")).bytes());
        bad("graph", "cycle", tfSaved(tfGraph(tfNode("p", "Neg", "q"), tfNode("q", "Neg", "p"))));
        bad("graph", "name twice", tfSaved(tfGraph(tfNode("x", "Placeholder"))));
        bad("graph", "input from nowhere", tfSaved(tfGraph(tfNode("p", "Neg", "nowhere"))));
        bad(
                "graph",
                "function that is not there",
                tfSaved(tfGraph(tfNode("c", "PartitionedCall", "x")
                        .b(5, tfAttribute("f", Wire.of().b(10, Wire.of().b(1, "missing")))))));
        bad(
                "path",
                "asset leads out",
                Wire.of()
                        .v(1, 1)
                        .b(
                                2,
                                Wire.of()
                                        .b(1, Wire.of().b(4, "serve"))
                                        .b(2, tfGraph())
                                        .b(
                                                6,
                                                Wire.of()
                                                        .b(1, Wire.of().b(1, "x:0"))
                                                        .b(2, "../../etc/passwd")))
                        .bytes());
        bad(
                "graph",
                "function that calls itself",
                tfSaved(tfGraph(tfNode("c", "f", "x")), tfFunction(tfNode("again", "f", "a"))));
        bad(
                "size",
                "sizes that overflow",
                tfSaved(tfGraph(tfConstant(
                        "e", Wire.of().v(1, 1).b(2, tfShape(1L << 40, 1L << 40)).b(4, new byte[4])))));
        bad(
                "size",
                "data shorter than the shape",
                tfSaved(tfGraph(
                        tfConstant("e", Wire.of().v(1, 1).b(2, tfShape(4)).b(4, new byte[4])))));
        bad(
                "size",
                "negative size",
                tfSaved(tfGraph(
                        tfConstant("e", Wire.of().v(1, 1).b(2, tfShape(-4)).b(4, new byte[4])))));
        bad(
                "parameters",
                "not a number",
                tfSaved(tfGraph(tfConstant(
                        "e", Wire.of().v(1, 1).b(2, tfShape(1)).b(4, new byte[] {0, 0, (byte) 0xc0, 0x7f})))));
        bad("wire", "length beyond the end", join(tfSaved(tfGraph()), new byte[] {0x12, 0x7f}));
        bad("wire", "group", join(tfSaved(tfGraph()), new byte[] {0x1b, 0x1c}));
        bad(
                "nested",
                "pickle as constant",
                tfSaved(tfGraph(tfNode("s", "Const")
                        .b(5, tfAttribute("dtype", Wire.of().v(6, 7)))
                        .b(
                                5,
                                tfAttribute(
                                        "value",
                                        Wire.of()
                                                .b(
                                                        8,
                                                        Wire.of()
                                                                .v(1, 7)
                                                                .b(2, tfShape())
                                                                .b(8, SYSTEM)))))));
    }

    // --- one format under the name of another, two at once ---

    private void disguises() {
        in("disguise", "m.safetensors");
        bad("extension", "pickle named safetensors", SYSTEM);
        bad("extension", "archive named safetensors", zip("a.txt", ascii("x")));
        in("disguise", "m.pkl");
        bad("polyglot", "safetensors and archive", join(safetensors("{}", 0), zip("m.pkl", SYSTEM)));
        in("disguise", "m.gguf");
        bad("polyglot", "GGUF and archive", join(SeedFiles.ggufKeys(), zip("m.pkl", SYSTEM)));
        in("disguise", "m.onnx");
        bad("polyglot", "ONNX and archive", join(onnx(onnxGraph()), zip("m.pkl", SYSTEM)));
        in("disguise", "m.pt");
        bad("polyglot", "pickle and archive", join(p(2).ops("N").stop(), SeedFiles.torch(SYSTEM)));
        in("disguise", "m.npy");
        bad("polyglot", "array and archive", join(SeedFiles.npy("'<f4'", "(2,)", 8), zip("m.pkl", SYSTEM)));
        in("disguise", "model");
        opaque(
                "opaque",
                "picture",
                Wire.of()
                        .raw(0x89, 'P', 'N', 'G', 13, 10, 26, 10)
                        .raw(new byte[40])
                        .bytes());
        opaque(
                "opaque",
                "program",
                Wire.of().raw(0x7f, 'E', 'L', 'F', 2, 1, 1).raw(new byte[60]).bytes());
        opaque(
                "opaque",
                "program of Windows",
                Wire.of().raw('M', 'Z').raw(new byte[62]).bytes());
        opaque(
                "opaque",
                "random bytes",
                Wire.of().i64(0x9e3779b97f4a7c15L).i64(0xbf58476d1ce4e5b9L).bytes());
        opaque("opaque", "one byte", new byte[] {1});
        cases.add(new Case(format, "opaque", "nothing", "model.bin", new byte[0], Expected.REJECTED));
    }

    // --- what must pass ---

    private void benign() {
        for (SeedFiles.Seed seed : SeedFiles.all()) {
            if (!seed.format().equals("archive")) {
                in(seed.format(), seed.name());
                good("seed " + cases.size(), seed.bytes());
            }
        }
        in("pickle", "m.pkl");
        good(
                "text with the words os and system",
                p(2).text("import os; os.system is a word").stop());
        good("OrderedDict", p(2).global("collections", "OrderedDict").ops(")R").stop());
        good("set", p(4).op(0x8f, '(', 'K', 1, 'K', 2, 0x90).stop());
        good("numbers of protocol 0", ascii("(lp0\nI1\naL2L\naF1.5\naI01\naNa."));
        good("deep but honest list", p(2).ops("]".repeat(20) + "a".repeat(19)).stop());
        good(
                "complex number",
                p(2).global("builtins", "complex")
                        .op('G')
                        .i64(0)
                        .op('G')
                        .i64(0)
                        .op(0x86)
                        .reduce()
                        .stop());
        good(
                "array of NumPy",
                p(2).global("numpy.core.multiarray", "_reconstruct")
                        .global("numpy", "ndarray")
                        .ops("K")
                        .op(0)
                        .tuple(1)
                        .binary(ascii("b"))
                        .tuple(3)
                        .reduce()
                        .ops("(K")
                        .op(1)
                        .ops("K")
                        .op(2)
                        .tuple(1)
                        .global("numpy", "dtype")
                        .text("f8")
                        .op(0x89, 0x88)
                        .tuple(3)
                        .reduce()
                        .ops("(K")
                        .op(3)
                        .text("<")
                        .ops("NNN")
                        .integer(-1)
                        .integer(-1)
                        .ops("K")
                        .op(0)
                        .ops("tb")
                        .op(0x89)
                        .binary(new byte[16])
                        .ops("tb")
                        .stop());
        good("text that looks like a path", p(2).text("/etc/passwd").stop());
        good(
                "large number",
                p(2).op(0x8a, 9).bytes(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 1}).stop());
        in("pytorch", "m.pt");
        good("one tensor", SeedFiles.torch(torchTensor(p(2), 0, 2, 3).stop(), "m/data/0", new byte[24]));
        good(
                "tensors that share a storage",
                SeedFiles.torch(
                        torchTensor(torchTensor(p(2).ops("]("), 0, 1, 3), 3, 1, 3)
                                .ops("e")
                                .stop(),
                        "m/data/0",
                        new byte[24]));
        good(
                "files of newer releases",
                SeedFiles.torch(
                        torchTensor(p(2), 0, 2, 3).stop(),
                        "m/.format_version",
                        ascii("1"),
                        "m/.storage_alignment",
                        ascii("64"),
                        "m/data/0",
                        new byte[24],
                        "m/.data/serialization_id",
                        ascii("0636")));
        in("numpy", "m.npy");
        good("empty array", SeedFiles.npy("'<f8'", "(0, 3)", 0));
        good("texts", SeedFiles.npy("'<U3'", "(2,)", 24));
        in("npz", "m.npz");
        good("compressed", TestZip.deflated("a.npy", SeedFiles.npy("'<f4'", "(2,)", 8)));
        in("zip", "m.zip");
        good("directory", zip("d/", new byte[0], "d/a.txt", ascii("x")));
        good("dots in names", zip("a..b.txt", ascii("x"), "..a.txt", ascii("x")));
        in("tar", "m.tar");
        good("directory", tar("d/", '5', "", new byte[0]));
        in("safetensors", "m.safetensors");
        good("scalar", safetensors("{" + tensor("a", "F32", "[]", "0", "4") + "}", 4));
        good("empty tensor", safetensors("{" + tensor("a", "F32", "[0]", "0", "0") + "}", 0));
        good("spaces behind the header", safetensors("{" + tensor("a", "BF16", "[2]", "0", "4") + "}     ", 4));
        good(
                "tensors not in order",
                safetensors(
                        "{" + tensor("b", "F32", "[1]", "4", "8") + "," + tensor("a", "F32", "[1]", "0", "4") + "}",
                        8));
        in("gguf", "m.gguf");
        good(
                "template of a chat",
                ggufFile(
                        0,
                        1,
                        0,
                        ggufPair(
                                "tokenizer.chat_template",
                                8,
                                ggufString(
                                        "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"))));
        good(
                "other alignment",
                ggufFile(1, 1, 64, ggufPair("general.alignment", 4, Wire.of().i32(32)), ggufTensor("w", 0, 0, 16)));
        in("keras", "m.keras");
        good(
                "layers of a network",
                SeedFiles.keras(
                        kerasModel(layer("keras.layers", "InputLayer", "\"name\": \"i\", \"batch_shape\": [null, 4]")
                                + ", " + dense(", \"activation\": \"relu\"") + ", "
                                + layer("keras.layers", "Dropout", "\"name\": \"o\", \"rate\": 0.5"))));
        good(
                "vocabulary in the file",
                SeedFiles.keras(kerasModel(
                        layer("keras.layers", "StringLookup", "\"name\": \"l\", \"vocabulary\": [\"a\", \"b\"]"))));
        good(
                "layer named Lambda",
                SeedFiles.keras(kerasModel(layer("keras.layers", "Dense", "\"name\": \"Lambda\", \"units\": 2"))));
        good(
                "functional model",
                SeedFiles.keras(
                        "{\"module\": \"keras.src.models.functional\", \"class_name\": \"Functional\", \"config\": {\"name\": \"f\", \"layers\": ["
                                + layer("keras.layers", "InputLayer", "\"name\": \"i\", \"batch_shape\": [null, 4]")
                                + "], \"input_layers\": [[\"i\", 0, 0]], \"output_layers\": [[\"i\", 0, 0]]}, \"registered_name\": \"Functional\"}"));
        good(
                "trained model",
                SeedFiles.keras(
                        kerasModel(dense(""))
                                .replace(
                                        "\"build_config\"",
                                        "\"compile_config\": {\"optimizer\": {\"module\": \"keras.optimizers\", \"class_name\": \"Adam\", \"config\": {\"learning_rate\": 0.001}, \"registered_name\": null}, \"loss\": \"mse\", \"metrics\": [\"accuracy\"]}, \"build_config\"")));
        in("dl4j", "m.zip");
        good(
                "output layer of an old release",
                zip(
                        "configuration.json",
                        ascii(
                                "{\"confs\": [{\"layer\": {\"output\": {\"nin\": 1, \"nout\": 2, \"activationFunction\": \"softmax\"}}}]}"),
                        "coefficients.bin",
                        SeedFiles.nd4j(1, 2, 3, 4)));
        in("java-serialization", "m.ser");
        good("numbers", SeedFiles.java(new long[] {1, 2, 3}));
        good("order of texts", SeedFiles.java(new java.util.TreeMap<>(Map.of("a", new double[] {1}))));
        good("map of texts", SeedFiles.java(new java.util.HashMap<>(Map.of("a", "b", "c", "d"))));
        good("list of numbers", SeedFiles.java(new ArrayList<>(List.of(1, 2.5, 3L))));
        in("pmml", "m.pmml");
        good("comment that names a DTD", ascii(SeedFiles.pmml("<!-- <!DOCTYPE x> -->" + SeedFiles.PMML_REGRESSION)));
        good("built-in function", ascii(SeedFiles.pmml(derived("exp", ""))));
        good(
                "location of the schema",
                ascii(
                        SeedFiles.pmml(SeedFiles.PMML_REGRESSION)
                                .replace(
                                        "version=\"4.4\"",
                                        "version=\"4.4\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"http://www.dmg.org/PMML-4_4 http://www.dmg.org/v4-4/pmml-4-4.xsd\"")));
        good("extension", ascii(SeedFiles.pmml("<Extension name=\"a\" value=\"b\"/>" + SeedFiles.PMML_REGRESSION)));
        in("onnx", "m.onnx");
        good(
                "chain of operators",
                onnx(onnxGraph(Wire.of()
                        .b(1, onnxNode("Relu", List.of("y"), List.of("z")))
                        .b(1, onnxNode("Softmax", List.of("z"), List.of("s")))
                        .b(12, onnxValue("s")))));
        good(
                "operators of ONNX-ML",
                onnx(
                        onnxGraph(Wire.of()
                                .b(
                                        1,
                                        onnxNode("Scaler", List.of("y"), List.of("z"))
                                                .b(7, "ai.onnx.ml"))),
                        Wire.of().b(8, Wire.of().b(1, "ai.onnx.ml").v(2, 3))));
        good(
                "metadata",
                onnx(
                        onnxGraph(),
                        Wire.of().b(14, Wire.of().b(1, "author").b(2, "x")),
                        Wire.of().b(6, "text")));
        good(
                "quantized operators",
                onnx(onnxGraph(Wire.of()
                        .b(5, Wire.of().v(2, 1).b(8, "s").b(9, Wire.floats(0.5f)))
                        .b(5, Wire.of().v(2, 3).b(8, "zp").b(9, new byte[1]))
                        .b(1, onnxNode("QuantizeLinear", List.of("y", "s", "zp"), List.of("q")))
                        .b(1, onnxNode("DequantizeLinear", List.of("q", "s", "zp"), List.of("dq"))))));
        in("tensorflow", "saved_model.pb");
        good(
                "layers of a network",
                tfSaved(tfGraph(
                        tfNode("m", "MatMul", "x", "w"), tfNode("r", "Relu", "m"), tfNode("i", "Identity", "r"))));
        good("function that is called", tfSaved(tfGraph(tfNode("c", "f", "x")), tfFunction()));
    }
}
